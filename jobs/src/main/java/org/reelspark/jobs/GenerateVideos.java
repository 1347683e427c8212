package org.reelspark.jobs;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.AttentionMode;
import org.reelspark.generate.GenerationOption;
import org.reelspark.spark.VideoGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Command line of the job that turns a file of prompts into videos. */
@Command(
    name = "generate-videos",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    sortOptions = false,
    description = "Generates a video for each row of a file of prompts.",
    footer = {
      "",
      "Exit code: 0 when every row has its video, 1 when some rows failed, 2 when the job could not"
          + " run or stopped. Run the same command again to go on: rows whose video is there are"
          + " skipped.",
      "",
      "The script jobs/generate-videos gives the sample prompts, the sample model and out/ where"
          + " those options are left out."
    })
public final class GenerateVideos implements Callable<Integer> {
  static final int ALL_ROWS_DONE = 0;
  static final int SOME_ROWS_FAILED = 1;
  static final int COULD_NOT_RUN = 2;

  private static final Logger LOG = LoggerFactory.getLogger(GenerateVideos.class);

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "FILE",
      description =
          "CSV, JSON, Parquet or text, by its extension. Columns: prompt, and optionally"
              + " negative_prompt, seed, width, height, frames, steps, guidance, guidance_start,"
              + " guidance_end, attention, cache_threshold, format.")
  private String prompts;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Model in diffusers layout; every executor must be able to read it.")
  private String model;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Takes the videos, manifest/, index.html and report.html.")
  private String output;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first N rows.")
  private Integer limit;

  @Option(
      names = "--attention",
      paramLabel = "dense|sparse",
      description = "For rows that do not say; default: sparse where the model has a profile.")
  private AttentionMode attention;

  @Option(
      names = "--set",
      paramLabel = "OPTION=VALUE",
      description =
          "Value for rows that do not set an option themselves, such as --set steps=8. Repeatable.")
  private Map<String, String> options = new HashMap<>();

  @Option(
      names = "--dry-run",
      description =
          "Show what would be made and how long it would take, by measuring one sampler step.")
  private boolean dryRun;

  public static void main(String[] arguments) {
    int exitCode = run(arguments);
    // In YARN's cluster mode an exit before main returns is a failure, whatever its code.
    if (exitCode != CommandLine.ExitCode.OK) {
      System.exit(exitCode);
    }
  }

  /** Runs the job as {@link #main} does and returns the exit code. */
  static int run(String... arguments) {
    return new CommandLine(new GenerateVideos())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((e, commandLine, result) -> report(e, commandLine))
        .execute(arguments);
  }

  static int report(Exception exception, CommandLine commandLine) {
    Optional<ReelsparkException> fault = VideoGenerator.setupFault(exception);
    Optional<ReelsparkException> known = fault.or(() -> Causes.reelspark(exception));
    // First, because whatever is cut off in the middle reports an error of its own.
    if (fault.isEmpty() && Causes.isCancellation(exception)) {
      LOG.debug("The job was cancelled", exception);
      commandLine
          .getErr()
          .printf(
              "error: %s: the job was cancelled; finished videos are kept, run it again to go on%n",
              ErrorCode.CANCELLED);
    } else if (known.isPresent()) {
      LOG.debug("The job stopped", exception);
      commandLine.getErr().printf("error: %s: %s%n", known.get().code(), known.get().getMessage());
    } else {
      LOG.error("The job stopped unexpectedly", exception);
      commandLine.getErr().printf("error: %s%n", Causes.root(exception));
    }
    return COULD_NOT_RUN;
  }

  @Override
  public Integer call() throws IOException {
    Map<String, String> defaults = new HashMap<>(options);
    if (attention != null) {
      defaults.put(GenerationOption.ATTENTION.key(), attention.name());
    }
    GenerationJob.Settings settings =
        new GenerationJob.Settings(prompts, output, rowLimit(), defaults);
    try (SparkSession spark = JobSession.start(model, output)) {
      KeyboardInterrupt.cancelsJobsOf(spark.sparkContext());
      GenerationJob job = new GenerationJob(spark, settings, System.out);
      if (dryRun) {
        return job.showPlan() ? ALL_ROWS_DONE : SOME_ROWS_FAILED;
      }
      return job.run() ? ALL_ROWS_DONE : SOME_ROWS_FAILED;
    }
  }

  private OptionalInt rowLimit() {
    if (limit == null) {
      return OptionalInt.empty();
    }
    if (limit < 1) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION, "--limit must be at least 1, found " + limit);
    }
    return OptionalInt.of(limit);
  }
}
