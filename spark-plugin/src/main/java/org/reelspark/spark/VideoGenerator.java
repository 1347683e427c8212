package org.reelspark.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationOptions;
import org.reelspark.spark.LongestFirst.PlannedRow;

/**
 * Generates videos for the rows of a Dataset, with progress while it runs. Model, output and limits
 * are the session's {@code spark.reelspark.*} settings at the time of the call.
 */
public final class VideoGenerator implements AutoCloseable {
  /** Column that {@link #generate} appends. */
  public static final String RESULT_COLUMN = "video";

  /** Column that {@link #plan} appends. */
  public static final String PLAN_COLUMN = "plan";

  private final SparkSession spark;
  private final GenerationMetrics metrics;
  private final ProgressListener progressListener;

  public VideoGenerator(SparkSession spark) {
    this.spark = spark;
    this.metrics = GenerationMetrics.register(spark.sparkContext());
    this.progressListener = new ProgressListener(metrics.metricsById());
    spark.sparkContext().addSparkListener(progressListener);
  }

  /**
   * The error of class CONFIG for which a query was cancelled, so that its tasks were not tried
   * again and again: a model that is not there, a full output, executors that cannot start.
   *
   * @param thrown by an action on a Dataset of videos
   */
  public static Optional<ReelsparkException> setupFault(Throwable thrown) {
    return SetupFaults.find(thrown);
  }

  /** Type of the result column, the same as that of the SQL function {@code generate_video}. */
  public static StructType resultType() {
    return ResultRows.SCHEMA;
  }

  /**
   * Appends a column {@value #RESULT_COLUMN} with the result of each row. Reads and plans the rows
   * at once, to start with the longest videos; rows of up to 64 MiB in all stay as they are then,
   * others are read again when an action runs. Generates lazily: each action on the returned
   * Dataset generates again what the output directory does not hold, and an action that sorts
   * generates twice, because Spark samples what it sorts. Save the results first.
   *
   * <p>Rows from {@link #plan} are not planned again and lose the column {@value #PLAN_COLUMN}.
   *
   * <p>Where executors have GPUs, a generating task takes the share of one that {@code
   * spark.reelspark.gpu.tasks} says, whatever tasks of other stages take.
   *
   * @param prompts has a column {@code prompt}; columns named like an option (see {@link
   *     org.reelspark.generate.GenerationOption}) set it for their row unless null; others pass
   *     through
   * @param defaults options for rows that do not set them
   * @throws ReelsparkException INVALID_INPUT without a usable prompt column, INVALID_OPTION for bad
   *     defaults, INVALID_CONFIGURATION
   */
  public Dataset<Row> generate(Dataset<Row> prompts, Map<String, String> defaults) {
    return generate(prompts, defaults, ReelsparkConf.of(spark));
  }

  /** As {@link #generate(Dataset, Map)}, with other settings than the session's. */
  Dataset<Row> generate(Dataset<Row> prompts, Map<String, String> defaults, ReelsparkConf conf) {
    GenerationOptions.parse(defaults);
    conf.checkModelIsNamed();
    StartSettings.warnOfLateOnes(conf);
    Dataset<Row> spread = spread(prompts, defaults, conf);
    GenerateRows generateRows =
        new GenerateRows(conf, defaults, metrics, InputColumns.of(spread.schema()));
    StructType schema = spread.schema().add(RESULT_COLUMN, ResultRows.SCHEMA);
    return GenerationProfile.of(spark.sparkContext(), conf)
        .map(profile -> generate(spread, generateRows, schema, profile))
        .orElseGet(() -> spread.mapPartitions(generateRows, Encoders.row(schema)));
  }

  /** Resource profiles belong to RDDs; Datasets have none. */
  private Dataset<Row> generate(
      Dataset<Row> prompts, GenerateRows generateRows, StructType schema, ResourceProfile profile) {
    return spark.createDataFrame(
        prompts.toJavaRDD().mapPartitions(generateRows::call).withResources(profile), schema);
  }

  /**
   * Appends a column {@value #PLAN_COLUMN} that says what each row's video will take: {@code
   * status} ({@code pending}, {@code skipped} when the output directory holds the video, {@code
   * failed} with {@code error_code} and {@code error_message}), {@code key}, {@code width}, {@code
   * height}, {@code frames}, {@code steps}, {@code guidance}, {@code model_runs} of all steps,
   * {@code attention} and {@code tokens} of self-attention. Generates nothing.
   *
   * @param prompts as for {@link #generate}
   * @param defaults as for {@link #generate}
   * @throws ReelsparkException as {@link #generate}
   */
  public Dataset<Row> plan(Dataset<Row> prompts, Map<String, String> defaults) {
    GenerationOptions.parse(defaults);
    ReelsparkConf conf = ReelsparkConf.of(spark);
    conf.checkModelIsNamed();
    InputColumns columns = InputColumns.of(prompts.schema());
    return prompts.mapPartitions(
        new PlanRows(conf, defaults, columns),
        Encoders.row(prompts.schema().add(PLAN_COLUMN, PlanRows.SCHEMA)));
  }

  /** Videos take so long that a row a task, longest first, balances best. */
  private Dataset<Row> spread(
      Dataset<Row> prompts, Map<String, String> defaults, ReelsparkConf conf) {
    StructType schema = prompts.schema();
    boolean hasPlans =
        Arrays.stream(schema.fields())
            .anyMatch(
                field ->
                    field.name().equals(PLAN_COLUMN) && field.dataType().equals(PlanRows.SCHEMA));
    if (hasPlans) {
      return spread(prompts, prompts.toJavaRDD(), schema.fieldIndex(PLAN_COLUMN)).drop(PLAN_COLUMN);
    }
    PlanRows planRows = new PlanRows(conf, defaults, InputColumns.of(schema));
    return spread(prompts, prompts.toJavaRDD().mapPartitions(planRows::call), schema.size());
  }

  /**
   * @param planned the prompts with their plans
   * @param plan index of the plan's column
   */
  private Dataset<Row> spread(Dataset<Row> prompts, JavaRDD<Row> planned, int plan) {
    List<List<PlannedRow>> plannedRows =
        planned.map(row -> plannedRow(row, plan).toNumbers()).glom().collect().stream()
            .map(partition -> partition.stream().map(PlannedRow::ofNumbers).toList())
            .toList();
    return spark.createDataFrame(
        LongestFirst.spread(prompts.toJavaRDD(), plannedRows), prompts.schema());
  }

  private static PlannedRow plannedRow(Row row, int plan) {
    Row planned = row.getStruct(plan);
    long bytes = LongestFirst.estimatedBytes(row) - LongestFirst.estimatedBytes(planned);
    return new PlannedRow(PlanRows.work(planned), bytes);
  }

  /** Counts over all queries of this generator, no older than the last heartbeat. */
  public GenerationProgress progress() {
    return progressListener.progress();
  }

  /** Tasks that generated and have ended, in the order of their ends, those that were lost too. */
  public List<GeneratingTask> tasks() {
    return progressListener.tasks();
  }

  /** Part of each layer's self-attention that was skipped, in [0, 1], over all videos made. */
  public List<Double> layerSparsity() {
    return metrics.layerSparsity();
  }

  /** Stops watching progress. */
  @Override
  public void close() {
    spark.sparkContext().removeSparkListener(progressListener);
  }
}
