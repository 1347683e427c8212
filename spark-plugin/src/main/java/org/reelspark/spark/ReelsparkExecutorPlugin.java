package org.reelspark.spark;

import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the executor's device from its start to its end: opens it, asks the driver whether it is
 * fit, shows its state as metrics, and leaves with it when it fails.
 */
final class ReelsparkExecutorPlugin implements ExecutorPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ReelsparkExecutorPlugin.class);

  /** What Spark calls the executor inside a driver in local mode. */
  private static final String LOCAL_EXECUTOR = "driver";

  /** Spark has taken the context of a task away when it says that the task failed. */
  private final ThreadLocal<Integer> stageOfTask = new ThreadLocal<>();

  private PluginContext context;
  private Optional<FiguresSender> figures = Optional.empty();

  @Override
  public void init(PluginContext pluginContext, Map<String, String> extraConf) {
    context = pluginContext;
    // Spark publishes only what is registered when this method returns.
    ExecutorFigures.instance().register(pluginContext.metricRegistry());
    String host = hostName();
    try {
      startDevice(host);
    } catch (RuntimeException | LinkageError e) {
      tellDriver(new DeviceMessage.StartFailed(context.executorID(), host, message(e)));
      ExecutorRuntime.close();
      throw failedStart(e);
    }
    figures = Optional.of(FiguresSender.start(pluginContext));
    LOG.info("Reelspark executor {}: {}", context.executorID(), StartReport.platform());
  }

  private void startDevice(String host) {
    ReelsparkConf conf = ReelsparkConf.of(context.conf());
    ExecutorDevice device =
        ExecutorDevice.open(
            conf, AssignedGpu.address(context.resources(), conf), host, context.executorID());
    ExecutorRuntime.start(device, conf);
    device.gpu().ifPresent(gpu -> checkWhatIsLeft(gpu, conf));
    String refusal = tellDriver(new DeviceMessage.Opened(context.executorID(), device.name()));
    if (!refusal.equals(DeviceMessage.GRANTED)) {
      throw new ReelsparkException(ErrorCode.DEVICE_FAILED, refusal);
    }
    LOG.info("Reelspark executor {} computes with {}", context.executorID(), device.name());
  }

  /** RAPIDS, which takes its memory next, would refuse without a word to the driver. */
  private void checkWhatIsLeft(CudaGpu gpu, ReelsparkConf conf) {
    SparkConf sparkConf = context.conf();
    if (!Rapids.startsFirst(sparkConf)) {
      Rapids.memory(sparkConf, conf)
          .ifPresent(
              memory -> {
                String share = memory.share(gpu.freeBytes(), gpu.totalBytes());
                LOG.info("{}", share);
              });
    }
  }

  /** {@link PluginContext#hostname} throws on executors. */
  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return InetAddress.getLoopbackAddress().getHostName();
    }
  }

  private static String message(Throwable failure) {
    if (failure instanceof ReelsparkException known) {
      return "%s: %s".formatted(known.code(), known.getMessage());
    }
    return failure.toString();
  }

  /** Spark survives exceptions here in better order than errors. */
  private static ReelsparkException failedStart(Throwable failure) {
    if (failure instanceof ReelsparkException known) {
      return known;
    }
    return new ReelsparkException(
        ErrorCode.BACKEND_UNAVAILABLE, "the executor cannot start its device: " + failure, failure);
  }

  /** Waits for the driver, because the process may end right after. */
  private String tellDriver(Serializable message) {
    try {
      return (String) context.ask(message);
    } catch (Exception e) {
      LOG.warn("The driver did not answer {}", message, e);
      return DeviceMessage.GRANTED;
    }
  }

  @Override
  public void onTaskStart() {
    stageOfTask.set(TaskContext.get().stageId());
  }

  @Override
  public void onTaskFailed(TaskFailedReason reason) {
    TaskFailures.find(reason, ErrorClass.FATAL_GPU).ifPresent(this::leave);
    TaskFailures.find(reason, ErrorClass.CONFIG).ifPresent(this::endStage);
  }

  /** Other attempts would find the same; in local mode Spark makes none. */
  private void endStage(ReelsparkException fault) {
    if (!context.executorID().equals(LOCAL_EXECUTOR)) {
      tellDriver(SetupFault.of(stageOfTask.get(), fault));
    }
  }

  private void leave(ReelsparkException failure) {
    String device = ExecutorRuntime.device().name();
    LOG.error("Device {} failed; its executor leaves", device, failure);
    tellDriver(new DeviceMessage.Failed(context.executorID(), device, message(failure)));
    if (!context.executorID().equals(LOCAL_EXECUTOR)) {
      ExecutorExit.leave(ExecutorExit.DEVICE_FAILED);
    }
  }

  @Override
  public void shutdown() {
    figures.ifPresent(FiguresSender::close);
    ExecutorRuntime.close();
  }
}
