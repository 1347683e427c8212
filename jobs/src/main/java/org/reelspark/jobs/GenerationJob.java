package org.reelspark.jobs;

import java.io.PrintStream;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationOption;
import org.reelspark.jobs.RunPlan.Batch;
import org.reelspark.spark.VideoGenerator;

/** From a file of prompts to videos, manifest and page. */
final class GenerationJob {
  private static final String PAGE = "index.html";
  private static final String REPORT = "report.html";

  /**
   * @param prompts file of prompts
   * @param limit rows from the start of the file, or all
   * @param defaults options for rows that do not set them
   */
  record Settings(String prompts, String output, OptionalInt limit, Map<String, String> defaults) {}

  private final SparkSession spark;
  private final Settings settings;
  private final OutputDirectory output;
  private final PrintStream out;
  private final long start = System.nanoTime();

  GenerationJob(SparkSession spark, Settings settings, PrintStream out) {
    this.spark = spark;
    this.settings = settings;
    this.output = OutputDirectory.of(settings.output(), spark.sparkContext().hadoopConfiguration());
    this.out = out;
  }

  /**
   * Makes the videos that are not there yet.
   *
   * @return whether every row has its video
   * @throws ReelsparkException of class CONFIG when the job cannot go on
   */
  boolean run() {
    Prompts prompts = Prompts.read(spark, settings.prompts(), settings.limit());
    output.requireWritable();
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      Dataset<Row> planned = generator.plan(prompts.rows(), settings.defaults()).persist();
      RunPlan plan = RunPlan.of(planned.collectAsList());
      out.print(plan.text());
      Dataset<Row> results = generator.generate(planned, settings.defaults());
      Iterator<VideoRow> rows;
      try (ProgressMonitor monitor = ProgressMonitor.start(generator, ProgressDisplay.open(plan))) {
        rows = Manifest.write(results, output);
      }
      RunSummary summary = RunSummary.of(rows, secondsSinceStart());
      output.write(PAGE, VideoPage.html(summary));
      // A run that finds all done would replace the report of the one that did it.
      if (summary.generated() > 0 || !output.holds(REPORT)) {
        output.write(REPORT, RunReport.html(summary, generator.tasks(), generator.layerSparsity()));
      }
      out.println(summary.line());
      summary.failureLines().forEach(out::println);
      out.println("Videos: " + output.shown(PAGE));
      out.println("Report: " + output.shown(REPORT));
      return summary.failed() == 0;
    }
  }

  /**
   * Shows what {@link #run} would do, and leaves the output directory alone.
   *
   * @return whether no row would fail
   */
  boolean showPlan() {
    Prompts prompts = Prompts.read(spark, settings.prompts(), settings.limit());
    if (!output.holdsVideos()) {
      spark.conf().unset(JobSession.OUTPUT_DIRECTORY);
    }
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      RunPlan plan =
          RunPlan.of(generator.plan(prompts.rows(), settings.defaults()).collectAsList());
      out.print(plan.text());
      if (plan.videos() > 0) {
        out.println("Measuring one sampler step ...");
        TimeEstimate estimate = measure(generator, prompts, plan);
        out.println(estimate.text(plan, executors()));
      }
      return plan.failed() == 0;
    }
  }

  /**
   * Makes one video of one step, guided if any is, of the most frequent shape, and throws it away.
   */
  private TimeEstimate measure(VideoGenerator generator, Prompts prompts, RunPlan plan) {
    Batch batch = plan.pending().get(0);
    spark.conf().unset(JobSession.OUTPUT_DIRECTORY);
    Dataset<Row> row =
        prompts
            .rows()
            .filter(functions.col(Prompts.ROW_COLUMN).equalTo(batch.firstRow()))
            .withColumn(GenerationOption.STEPS.key(), functions.lit("1"))
            .withColumn(GenerationOption.GUIDANCE_START.key(), functions.lit("0"))
            .withColumn(GenerationOption.GUIDANCE_END.key(), functions.lit("1"));
    Row result =
        generator
            .generate(row, settings.defaults())
            .select(VideoGenerator.RESULT_COLUMN + ".*")
            .first();
    Row error = result.getAs("error");
    if (error != null) {
      throw new ReelsparkException(
          ErrorCode.valueOf(error.getAs("code")),
          "the measured video failed: " + error.getAs("message"));
    }
    return TimeEstimate.of(batch.shape(), result);
  }

  /** Executors that generate at the same time; the driver counts only when it is alone. */
  private int executors() {
    return Math.max(1, spark.sparkContext().statusTracker().getExecutorInfos().length - 1);
  }

  private double secondsSinceStart() {
    return (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
