package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.internal.SQLConf;
import org.reelspark.spark.rapids.RapidsFunctions;

/** What having the RAPIDS accelerator in the same application asks of us. */
final class Rapids {
  static final String PLUGIN = "com.nvidia.spark.SQLPlugin";

  private static final String MODE = "spark.rapids.sql.mode";

  private Rapids() {}

  /** Whether the application of the query that is being analysed runs RAPIDS. */
  static boolean isBesideCurrentQuery() {
    return ClassNames.parse(SQLConf.get().getConfString(ClassNames.PLUGINS, "")).contains(PLUGIN);
  }

  /**
   * Whether RAPIDS can evaluate {@code sparse_attention} of the query that is being analysed over
   * columns.
   *
   * @param conf of that query
   */
  static boolean attendsOverColumns(ReelsparkConf conf) {
    return isBesideCurrentQuery()
        && conf.value(ReelsparkConf.BACKEND) == BackendChoice.CUDA
        && RapidsFunctions.areAvailable();
  }

  /**
   * How RAPIDS shares GPUs with us, if it does.
   *
   * @param sparkConf of the driver, or of an executor when that starts
   */
  static Optional<RapidsMemory> memory(SparkConf sparkConf, ReelsparkConf conf) {
    boolean shares =
        ClassNames.plugins(sparkConf).contains(PLUGIN)
            && conf.value(ReelsparkConf.BACKEND) == BackendChoice.CUDA
            && !sparkConf.get(MODE, "").equalsIgnoreCase("explainonly");
    return shares ? Optional.of(RapidsMemory.of(sparkConf)) : Optional.empty();
  }

  /** What to change before both share GPUs, one warning for each fault. */
  static List<String> warnings(SparkConf sparkConf, ReelsparkConf conf) {
    Optional<RapidsMemory> memory = memory(sparkConf, conf);
    if (memory.isEmpty()) {
      return List.of();
    }
    List<String> warnings = new ArrayList<>();
    if (startsFirst(sparkConf)) {
      warnings.add(
          "%s starts RAPIDS before Reelspark, so that RAPIDS takes its memory before Reelspark has the GPU; name %s first"
              .formatted(ClassNames.PLUGINS, ReelsparkPlugin.class.getName()));
    }
    warnings.addAll(memory.orElseThrow().warnings(conf.value(ReelsparkConf.GPU_MEMORY)));
    return warnings;
  }

  /** Whether RAPIDS takes its memory before we take ours. */
  static boolean startsFirst(SparkConf sparkConf) {
    List<String> plugins = ClassNames.plugins(sparkConf);
    return plugins.indexOf(PLUGIN) < plugins.indexOf(ReelsparkPlugin.class.getName());
  }
}
