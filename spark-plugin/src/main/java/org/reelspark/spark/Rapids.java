package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.internal.SQLConf;

/** What having the RAPIDS accelerator in the same application asks of us. */
final class Rapids {
  static final String PLUGIN = "com.nvidia.spark.SQLPlugin";

  private static final String PLUGINS = "spark.plugins";
  private static final String LEAST_FRACTION = "spark.rapids.memory.gpu.minAllocFraction";
  private static final double DEFAULT_LEAST_FRACTION = 0.25;

  private Rapids() {}

  /** Whether the application of the query that is being analysed runs RAPIDS. */
  static boolean isBesideCurrentQuery() {
    return plugins(SQLConf.get().getConfString(PLUGINS, "")).contains(PLUGIN);
  }

  /**
   * What to change before both share GPUs, one warning for each setting that cannot hold. RAPIDS
   * takes, once and when it starts, a fraction of the memory that is free then.
   */
  static List<String> warnings(SparkConf sparkConf, ReelsparkConf conf) {
    List<String> plugins = plugins(sparkConf.get(PLUGINS, ""));
    int rapids = plugins.indexOf(PLUGIN);
    if (rapids < 0 || conf.value(ReelsparkConf.BACKEND) != BackendChoice.CUDA) {
      return List.of();
    }
    List<String> warnings = new ArrayList<>();
    String ours = ReelsparkPlugin.class.getName();
    if (rapids < plugins.indexOf(ours)) {
      warnings.add(
          "%s starts RAPIDS before Reelspark, so that RAPIDS takes its memory before Reelspark has the GPU; name %s first"
              .formatted(PLUGINS, ours));
    }
    if (conf.value(ReelsparkConf.GPU_MEMORY) == 0) {
      warnings.add(
          "Reelspark takes nine tenths of each GPU's memory and leaves RAPIDS little (%s is 0); set it to the MiB that models need"
              .formatted(ReelsparkConf.GPU_MEMORY.key()));
    }
    double leastFraction = sparkConf.getDouble(LEAST_FRACTION, DEFAULT_LEAST_FRACTION);
    if (leastFraction > 0) {
      warnings.add(
          "RAPIDS does not start when its part of the free memory is less than %s of the whole GPU (%s); set it to 0"
              .formatted(leastFraction, LEAST_FRACTION));
    }
    return warnings;
  }

  private static List<String> plugins(String classNames) {
    return List.of(classNames.strip().split("\\s*,\\s*"));
  }
}
