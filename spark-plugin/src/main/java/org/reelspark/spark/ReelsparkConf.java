package org.reelspark.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.reelspark.backend.cuda.ActivationType;
import org.reelspark.backend.cuda.AttentionPrecision;
import org.reelspark.backend.cuda.LinearPrecision;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.NearestName;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationSettings;
import org.reelspark.generate.GenerationSettings.ErrorPolicy;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** The settings under {@code spark.reelspark.}, checked; travels to executors. */
final class ReelsparkConf implements Serializable {
  private static final long serialVersionUID = 1L;

  static final String PREFIX = "spark.reelspark.";

  static final ConfigEntry<String> MODEL_DIRECTORY =
      ConfigEntry.text(
          "model.directory",
          "Model to generate with: a directory in diffusers layout that every executor can read.");

  static final ConfigEntry<String> OUTPUT_DIRECTORY =
      ConfigEntry.text(
          "output.directory",
          "Where videos are written: a path or URI of any file system that Spark can write; a"
              + " relative path is the driver's."
              + " Without it, results carry the bytes of the video.");

  static final ConfigEntry<Integer> CHECKPOINT_STEPS =
      ConfigEntry.integer(
          "output.checkpointSteps",
          "Each time a video has taken this many sampler steps, what it has come to is kept in the"
              + " output directory until it is done, so that a lost executor costs it at most these"
              + " steps and those taken while the last ones were being written. 0 keeps nothing.",
          0,
          10);

  static final ConfigEntry<Integer> MAX_TOKENS =
      ConfigEntry.integer(
          "generate.maxTokens",
          "Requests with more self-attention tokens than this are refused before anything is"
              + " computed.",
          1,
          GenerationSettings.DEFAULT_MAX_TOKENS);

  static final ConfigEntry<Integer> MAX_ATTEMPTS =
      ConfigEntry.integer(
          "generate.maxAttempts",
          "How often a request is tried in place when it fails for a passing reason, such as"
              + " memory or output.",
          1,
          GenerationSettings.DEFAULT_MAX_ATTEMPTS);

  static final ConfigEntry<Boolean> FAIL_ON_ERROR =
      ConfigEntry.truth(
          "generate.failOnError",
          "Whether a request at fault fails the query. Otherwise its row carries the error and the"
              + " others go on.",
          "false");

  static final ConfigEntry<Integer> CPU_THREADS =
      ConfigEntry.integer(
          "cpu.threads",
          "Threads that an executor computes with on a CPU; 0 means all its cores. Videos do not"
              + " depend on it.",
          0,
          0);

  static final ConfigEntry<BackendChoice> BACKEND =
      ConfigEntry.choice(
          "backend",
          "What executors compute with, fixed when they start: `cpu`, or `cuda` for the GPU that"
              + " Spark assigned, which must be there when the executor starts.",
          BackendChoice.class,
          BackendChoice.CPU);

  static final ConfigEntry<String> GPU_DEVICE =
      ConfigEntry.text(
          "gpu.device",
          "The GPU of an executor to which Spark assigns none, as in local mode: an index, UUID or"
              + " PCI address. What Spark assigns goes first.");

  static final ConfigEntry<Integer> GPU_MEMORY =
      ConfigEntry.integer(
          "gpu.memoryMib",
          "MiB of GPU memory that an executor reserves when it starts, for weights and"
              + " all else; 0 means nine tenths of what is free then.",
          0,
          0);

  static final ConfigEntry<ActivationType> ACTIVATIONS =
      ConfigEntry.choice(
          "gpu.activations",
          "Type of a transformer's activations on a GPU, and of its linear weights unless"
              + " `gpu.linearPrecision` says otherwise: `bf16`, or `f16`, which is nearer to what the CPU computes but holds no value above 65504.",
          ActivationType.class,
          ActivationType.BF16);

  static final ConfigEntry<AttentionPrecision> ATTENTION_PRECISION =
      ConfigEntry.choice(
          "gpu.attentionPrecision",
          "In what self-attention multiplies on a GPU: `sixteen_bit`, or `eight_bit`, which is"
              + " faster.",
          AttentionPrecision.class,
          AttentionPrecision.SIXTEEN_BIT);

  static final ConfigEntry<LinearPrecision> LINEAR_PRECISION =
      ConfigEntry.choice(
          "gpu.linearPrecision",
          "In what the linear layers of a transformer's blocks multiply on a GPU: `sixteen_bit`, or"
              + " `eight_bit` (FP8), which is faster, halves the memory of their weights and needs"
              + " compute capability 9.0 (H100, H200) with cuBLASLt 12.9 or newer.",
          LinearPrecision.class,
          LinearPrecision.SIXTEEN_BIT);

  static final ConfigEntry<Integer> TASKS_PER_GPU =
      ConfigEntry.integer(
          "gpu.tasks",
          "Generating tasks for each GPU at a time; they take turns: with 2, one encodes and writes"
              + " while the other has the GPU, if `spark.executor.cores` allows two tasks. Other"
              + " stages keep `spark.task.resource.gpu.amount`. A lost executor costs each of its"
              + " tasks an attempt.",
          1,
          2);

  static final ConfigEntry<Integer> MAX_DEVICE_FAILURES =
      ConfigEntry.integer(
          "device.maxFailures",
          "After this many fatal failures of one device, executors on it are refused for the rest"
              + " of the application. Each failure costs the executor.",
          1,
          2);

  static final ConfigEntry<Integer> MAX_START_FAILURES =
      ConfigEntry.integer(
          "executor.maxStartFailures",
          "After this many executors that could not start their device, with none running, jobs"
              + " are cancelled with the cause.",
          1,
          3);

  /** Every key, in the order of the page. */
  static final List<ConfigEntry<?>> ENTRIES =
      List.of(
          MODEL_DIRECTORY,
          OUTPUT_DIRECTORY,
          CHECKPOINT_STEPS,
          MAX_TOKENS,
          MAX_ATTEMPTS,
          FAIL_ON_ERROR,
          BACKEND,
          CPU_THREADS,
          GPU_DEVICE,
          GPU_MEMORY,
          ACTIVATIONS,
          ATTENTION_PRECISION,
          LINEAR_PRECISION,
          TASKS_PER_GPU,
          MAX_DEVICE_FAILURES,
          MAX_START_FAILURES);

  private final TreeMap<String, String> values;

  private ReelsparkConf(TreeMap<String, String> values) {
    this.values = values;
  }

  /**
   * Takes the keys under the prefix and ignores others.
   *
   * @throws ReelsparkException INVALID_CONFIGURATION for a key that does not exist or a value that
   *     is not accepted
   */
  static ReelsparkConf of(Map<String, String> settings) {
    TreeMap<String, String> values = new TreeMap<>();
    settings.forEach(
        (key, value) -> {
          if (key.startsWith(PREFIX)) {
            entry(key).parse(value);
            values.put(key, value);
          }
        });
    return new ReelsparkConf(values);
  }

  static ReelsparkConf of(SparkConf conf) {
    return of(Arrays.stream(conf.getAll()).collect(Collectors.toMap(Tuple2::_1, Tuple2::_2)));
  }

  static ReelsparkConf of(SparkSession spark) {
    return of(CollectionConverters.asJava(spark.conf().getAll())).forExecutors();
  }

  /** The settings of the session whose query is being analysed. */
  static ReelsparkConf ofCurrentQuery() {
    return of(CollectionConverters.asJava(SQLConf.get().getAllConfs())).forExecutors();
  }

  /** A relative output directory is the driver's. */
  private ReelsparkConf forExecutors() {
    return find(OUTPUT_DIRECTORY)
        .map(directory -> with(OUTPUT_DIRECTORY, VideoOutputs.absolute(directory)))
        .orElse(this);
  }

  /**
   * These settings with one of them changed.
   *
   * @throws ReelsparkException INVALID_CONFIGURATION for a value that is not accepted
   */
  ReelsparkConf with(ConfigEntry<?> entry, String value) {
    entry.parse(value);
    TreeMap<String, String> changed = new TreeMap<>(values);
    changed.put(entry.key(), value);
    return new ReelsparkConf(changed);
  }

  /** The keys that are set, with their values as given. */
  Map<String, String> settings() {
    return Collections.unmodifiableMap(values);
  }

  <T> Optional<T> find(ConfigEntry<T> entry) {
    return Optional.ofNullable(values.get(entry.key())).or(entry::defaultText).map(entry::parse);
  }

  /**
   * @throws ReelsparkException INVALID_CONFIGURATION when the key is not set and has no default
   */
  <T> T value(ConfigEntry<T> entry) {
    return find(entry)
        .orElseThrow(
            () ->
                new ReelsparkException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "%s is not set: %s".formatted(entry.key(), entry.documentation())));
  }

  /**
   * Says at once what every task would say.
   *
   * @throws ReelsparkException INVALID_CONFIGURATION when no model is named
   */
  void checkModelIsNamed() {
    value(MODEL_DIRECTORY);
  }

  GenerationSettings generationSettings(Map<String, String> defaults) {
    ErrorPolicy errorPolicy = value(FAIL_ON_ERROR) ? ErrorPolicy.FAIL : ErrorPolicy.KEEP_GOING;
    return new GenerationSettings(defaults, value(MAX_TOKENS), value(MAX_ATTEMPTS), errorPolicy);
  }

  private static ConfigEntry<?> entry(String key) {
    return ENTRIES.stream()
        .filter(entry -> entry.key().equals(key))
        .findFirst()
        .orElseThrow(() -> unknown(key));
  }

  private static ReelsparkException unknown(String key) {
    List<String> known = ENTRIES.stream().map(ConfigEntry::key).toList();
    return new ReelsparkException(
        ErrorCode.INVALID_CONFIGURATION,
        "unknown configuration key %s; did you mean %s? Known keys: %s"
            .formatted(key, NearestName.of(key, known), String.join(", ", known)));
  }
}
