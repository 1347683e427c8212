package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.NearestName;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationOption;
import org.reelspark.generate.GenerationOptions;

/**
 * What a write states by {@code option(name, value)}.
 *
 * @param conf the session's settings with those that the write overrides
 * @param defaults options of requests, for rows that do not set them
 */
record SinkOptions(ReelsparkConf conf, Map<String, String> defaults) {
  static final String MODEL = "model";

  /** What Spark makes of {@code partitionBy}. */
  private static final String PARTITIONS = "__partition_columns";

  /** Options that stand for a setting of the session. */
  private static final Map<String, ConfigEntry<?>> SETTINGS =
      Map.of(
          MODEL,
          ReelsparkConf.MODEL_DIRECTORY,
          "fail_on_error",
          ReelsparkConf.FAIL_ON_ERROR,
          "checkpoint_steps",
          ReelsparkConf.CHECKPOINT_STEPS);

  SinkOptions {
    defaults = Map.copyOf(defaults);
  }

  /**
   * @param options by name, letter case apart
   * @throws ReelsparkException INVALID_OPTION for a name that does not exist or a value out of
   *     range, INVALID_SIZE, INVALID_CONFIGURATION without a model
   */
  static SinkOptions parse(Map<String, String> options, ReelsparkConf session) {
    ReelsparkConf conf = session;
    Map<String, String> defaults = new TreeMap<>();
    requireKnown(options.keySet());
    for (Map.Entry<String, String> option : options.entrySet()) {
      String name = option.getKey().toLowerCase(Locale.ROOT);
      if (SETTINGS.containsKey(name)) {
        conf = withSetting(conf, name, option.getValue());
      } else {
        defaults.put(name, option.getValue());
      }
    }
    GenerationOptions.parse(defaults);
    if (conf.find(ReelsparkConf.MODEL_DIRECTORY).isEmpty()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_CONFIGURATION,
          "no model; name its directory by option(\"model\", ...) or by %s"
              .formatted(ReelsparkConf.MODEL_DIRECTORY.key()));
    }
    return new SinkOptions(conf, defaults);
  }

  /**
   * @param names letter case apart
   * @throws ReelsparkException INVALID_OPTION for a name that does not exist
   */
  static void requireKnown(Set<String> names) {
    if (names.contains(PARTITIONS)) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION,
          "videos cannot be partitioned by columns; leave partitionBy out, other columns are kept in the manifest");
    }
    for (String name : names) {
      String lowerCase = name.toLowerCase(Locale.ROOT);
      if (!SETTINGS.containsKey(lowerCase) && !GenerationOption.keys().contains(lowerCase)) {
        throw unknown(name);
      }
    }
  }

  private static ReelsparkConf withSetting(ReelsparkConf conf, String name, String value) {
    try {
      return conf.with(SETTINGS.get(name), value);
    } catch (ReelsparkException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION, "option '%s': %s".formatted(name, e.getMessage()), e);
    }
  }

  private static ReelsparkException unknown(String name) {
    List<String> known = new ArrayList<>(SETTINGS.keySet().stream().sorted().toList());
    known.addAll(GenerationOption.keys());
    return new ReelsparkException(
        ErrorCode.INVALID_OPTION,
        "unknown option '%s'; did you mean '%s'? Known options: %s"
            .formatted(name, NearestName.of(name, known), String.join(", ", known)));
  }
}
