package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Settings that executors take when they start, so that a session can no longer change them. */
final class StartSettings {
  private static final Logger LOG = LoggerFactory.getLogger(StartSettings.class);
  private static final List<ConfigEntry<?>> ENTRIES =
      List.of(
          ReelsparkConf.BACKEND,
          ReelsparkConf.CPU_THREADS,
          ReelsparkConf.GPU_DEVICE,
          ReelsparkConf.GPU_MEMORY,
          ReelsparkConf.ACTIVATIONS,
          ReelsparkConf.ATTENTION_PRECISION,
          ReelsparkConf.LINEAR_PRECISION,
          ReelsparkConf.MAX_DEVICE_FAILURES,
          ReelsparkConf.MAX_START_FAILURES);

  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private StartSettings() {}

  /** Logs once what of the settings of a query has no effect in this application. */
  static void warnOfLateOnes(ReelsparkConf query) {
    for (String warning : warnings(query, SparkEnv.get().conf())) {
      if (SAID.add(warning)) {
        LOG.warn(warning);
      }
    }
  }

  /** What of the settings of a query has no effect, and what to do. */
  static List<String> warnings(ReelsparkConf query, SparkConf application) {
    List<String> warnings = new ArrayList<>();
    ReelsparkConf started = ReelsparkConf.of(application);
    for (ConfigEntry<?> entry : ENTRIES) {
      if (!query.find(entry).equals(started.find(entry))) {
        warnings.add(
            "%s is %s in this session, but executors started with %s and keep that; set it for the application"
                .formatted(entry.key(), text(entry, query), text(entry, started)));
      }
    }
    String plugin = ReelsparkPlugin.class.getName();
    if (started.value(ReelsparkConf.BACKEND) != BackendChoice.CPU
        && !ClassNames.plugins(application).contains(plugin)) {
      warnings.add(
          "%s is %s, but executors compute on the CPU, because %s does not name %s"
              .formatted(
                  ReelsparkConf.BACKEND.key(),
                  text(ReelsparkConf.BACKEND, started),
                  ClassNames.PLUGINS,
                  plugin));
    }
    return warnings;
  }

  private static String text(ConfigEntry<?> entry, ReelsparkConf conf) {
    return Optional.ofNullable(conf.settings().get(entry.key()))
        .or(entry::defaultText)
        .map("'%s'"::formatted)
        .orElse("not set");
  }
}
