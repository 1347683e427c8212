package org.reelspark.spark;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the configuration at start, has every session of the application know our functions, and
 * hears the executors.
 */
final class ReelsparkDriverPlugin implements DriverPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ReelsparkDriverPlugin.class);
  private static final String EXTENSIONS = "spark.sql.extensions";
  private static final String SPECULATION = "spark.speculation";

  private SparkContext sparkContext;
  private DeviceWatch deviceWatch;
  private ClusterGauges gauges;

  @Override
  public Map<String, String> init(SparkContext context, PluginContext pluginContext) {
    sparkContext = context;
    // The live configuration of the context, which sessions read when they are created.
    SparkConf sparkConf = pluginContext.conf();
    ReelsparkConf conf = ReelsparkConf.of(sparkConf);
    addExtensions(sparkConf);
    if (sparkConf.getBoolean(SPECULATION, false)) {
      LOG.warn("{} is on: slow videos will be generated twice; turn it off", SPECULATION);
    }
    Rapids.warnings(sparkConf, conf).forEach(LOG::warn);
    deviceWatch = DeviceWatch.start(context, conf);
    LOG.info("{}", StartReport.driver(conf.settings()));
    Rapids.memory(sparkConf, conf)
        .ifPresent(memory -> LOG.info("{}", memory.plan(conf.value(ReelsparkConf.GPU_MEMORY))));
    gauges = ClusterGauges.register(pluginContext.metricRegistry());
    context.addSparkListener(gauges);
    return Map.of();
  }

  @Override
  public Object receive(Object message) {
    if (message instanceof DeviceMessage deviceMessage) {
      return deviceWatch.receive(deviceMessage);
    }
    if (message instanceof SetupFault fault) {
      String reason = SetupFaults.remember(fault.code(), fault.message());
      LOG.error("Ending stage {}: {}", fault.stage(), reason);
      sparkContext.cancelStage(fault.stage(), reason);
      return DeviceMessage.GRANTED;
    }
    if (message instanceof FiguresMessage figures) {
      gauges.show(figures);
      return null;
    }
    throw new IllegalArgumentException("not a message to the Reelspark driver: " + message);
  }

  private static void addExtensions(SparkConf sparkConf) {
    String ours = ReelsparkExtensions.class.getName();
    String configured = sparkConf.get(EXTENSIONS, "");
    if (configured.isBlank()) {
      sparkConf.set(EXTENSIONS, ours);
    } else if (!ClassNames.parse(configured).contains(ours)) {
      sparkConf.set(EXTENSIONS, configured + "," + ours);
    }
  }
}
