package org.reelspark.spark;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationOptions;

/**
 * Generates videos for the rows of a Dataset, with progress while it runs. Model, output and limits
 * are the session's {@code spark.reelspark.*} settings at the time of the call.
 */
public final class VideoGenerator implements AutoCloseable {
  /** Column that {@link #generate} appends. */
  public static final String RESULT_COLUMN = "video";

  /** Column that {@link #plan} appends. */
  public static final String PLAN_COLUMN = "plan";

  /** More partitions than this gain nothing: there are rows enough to balance with. */
  private static final int MOST_PARTITIONS = 10_000;

  private final SparkSession spark;
  private final GenerationMetrics metrics;
  private final ProgressListener progressListener;

  public VideoGenerator(SparkSession spark) {
    this.spark = spark;
    this.metrics = GenerationMetrics.register(spark.sparkContext());
    this.progressListener = new ProgressListener(metrics);
    spark.sparkContext().addSparkListener(progressListener);
  }

  /** Type of the result column, the same as that of the SQL function {@code generate_video}. */
  public static StructType resultType() {
    return ResultRows.SCHEMA;
  }

  /**
   * Appends a column {@value #RESULT_COLUMN} with the result of each row. Lazy, like every
   * transformation: each action on the returned Dataset generates again what the output directory
   * does not hold, and an action that sorts generates twice, because Spark samples what it sorts.
   * Save the results first.
   *
   * @param prompts has a column {@code prompt}; columns named like an option (see {@link
   *     org.reelspark.generate.GenerationOption}) set it for their row unless null; others pass
   *     through
   * @param defaults options for rows that do not set them
   * @throws ReelsparkException INVALID_INPUT without a usable prompt column, INVALID_OPTION for bad
   *     defaults, INVALID_CONFIGURATION
   */
  public Dataset<Row> generate(Dataset<Row> prompts, Map<String, String> defaults) {
    GenerationOptions.parse(defaults);
    ReelsparkConf conf = ReelsparkConf.of(spark);
    GenerateRows generateRows =
        new GenerateRows(conf, defaults, metrics, InputColumns.of(prompts.schema()));
    StructType schema = prompts.schema().add(RESULT_COLUMN, ResultRows.SCHEMA);
    return spread(prompts).mapPartitions(generateRows, Encoders.row(schema));
  }

  /**
   * Appends a column {@value #PLAN_COLUMN} that says what each row's video will take: {@code
   * status} ({@code pending}, {@code skipped} when the output directory holds the video, {@code
   * failed} with {@code error_code} and {@code error_message}), {@code key}, {@code width}, {@code
   * height}, {@code frames}, {@code steps}, {@code guidance}, {@code attention} and {@code tokens}
   * of self-attention. Generates nothing.
   *
   * @param prompts as for {@link #generate}
   * @param defaults as for {@link #generate}
   * @throws ReelsparkException as {@link #generate}
   */
  public Dataset<Row> plan(Dataset<Row> prompts, Map<String, String> defaults) {
    GenerationOptions.parse(defaults);
    InputColumns columns = InputColumns.of(prompts.schema());
    return prompts.mapPartitions(
        new PlanRows(ReelsparkConf.of(spark), defaults, columns),
        Encoders.row(prompts.schema().add(PLAN_COLUMN, PlanRows.SCHEMA)));
  }

  /** Videos take so long that a row a task balances best. */
  private static Dataset<Row> spread(Dataset<Row> prompts) {
    long rows = prompts.count();
    return prompts.repartition((int) Math.max(1, Math.min(rows, MOST_PARTITIONS)));
  }

  /** Counts over all queries of this generator, no older than the last heartbeat. */
  public GenerationProgress progress() {
    return progressListener.progress();
  }

  /** Stops watching progress. */
  @Override
  public void close() {
    spark.sparkContext().removeSparkListener(progressListener);
  }
}
