package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.reelspark.jobs.ChosenDevice;
import org.reelspark.jobs.ProjectVersion;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.JudgePrompts;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether the sample model's clips show what their prompts ask for, however they are made. */
@Command(
    name = "quality",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description =
        "Generates clips of a fixed list of prompts, dense and sparse or with shortcuts, and judges"
            + " them.")
final class QualityBenchmark implements Callable<Integer> {
  private static final int WARM_UP_STEPS = 2;

  @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
  private Path model;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "100",
      description = "The first N prompts of the list of 100.")
  private int prompts;

  @Option(
      names = "--from",
      paramLabel = "N",
      defaultValue = "0",
      description = "Leaves out the first N prompts, so that several machines can share the list.")
  private int from;

  @Option(names = "--steps", description = "Sampler steps of a clip; the model's own by default.")
  private Integer steps;

  @Option(names = "--frames", description = "Frames of a clip; the model's own by default.")
  private Integer frames;

  @Option(
      names = "--guidance-intervals",
      paramLabel = "START-END",
      split = ",",
      converter = GuidanceInterval.Converter.class,
      description =
          "Measures guidance in these parts of the steps, such as 0-0.5,0.25-1, instead of dense"
              + " against sparse attention.")
  private List<GuidanceInterval> guidanceIntervals = List.of();

  @Option(
      names = "--cache-thresholds",
      paramLabel = "X",
      split = ",",
      description = "Measures the first-block cache with these thresholds, likewise.")
  private List<Float> cacheThresholds = List.of();

  @Mixin private final ChosenDevice chosen = new ChosenDevice();

  @Option(names = "--out", paramLabel = "FILE", description = "Writes the report here too.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    List<Clip> clips = JudgePrompts.all();
    clips = clips.subList(0, Math.max(0, Math.min(prompts, clips.size())));
    try (ChosenDevice.Opened opened = chosen.open();
        VideoModel videoModel = VideoModels.load(model, opened.backend())) {
      System.out.print(judge(clips, videoModel, opened.backend().describe()));
    }
    return 0;
  }

  private QualityReport judge(List<Clip> clips, VideoModel videoModel, String device)
      throws IOException {
    ModelDescription description = videoModel.description();
    GenerationDefaults defaults = description.defaults();
    QualityMeasurement measurement =
        new QualityMeasurement(
            videoModel,
            videoModel.geometry(
                defaults.width(), defaults.height(), frames == null ? defaults.frames() : frames),
            steps == null ? defaults.steps() : steps);
    List<QualityVariant> variants =
        guidanceIntervals.isEmpty() && cacheThresholds.isEmpty()
            ? QualityVariant.ofAttention(description)
            : QualityVariant.ofShortcuts(description, guidanceIntervals, cacheThresholds);
    QualityReport report = report(measurement, defaults.guidanceScale(), device);
    warmUp(measurement, clips.get(0), variants.get(0));
    for (int seed = from; seed < clips.size(); seed++) {
      measure(measurement, clips.get(seed), seed, variants, report);
      // After each prompt, because all of them take an hour.
      if (out != null) {
        Files.writeString(out, report.toString());
      }
    }
    return report;
  }

  /** Compiles Java, so that the first clip takes no longer than others. */
  private static void warmUp(QualityMeasurement measurement, Clip clip, QualityVariant variant) {
    new QualityMeasurement(measurement.model(), measurement.geometry(), WARM_UP_STEPS)
        .measure(clip, 0, variant)
        .close();
  }

  private static void measure(
      QualityMeasurement measurement,
      Clip clip,
      int seed,
      List<QualityVariant> variants,
      QualityReport report) {
    try (QualityMeasurement.Result reference = measurement.measure(clip, seed, variants.get(0))) {
      report.add(variants.get(0).name(), clip, reference, reference);
      for (QualityVariant variant : variants.subList(1, variants.size())) {
        try (QualityMeasurement.Result result = measurement.measure(clip, seed, variant)) {
          report.add(variant.name(), clip, result, reference);
        }
      }
    }
    System.err.printf("%d: %s%n", seed + 1, clip.caption());
  }

  private QualityReport report(QualityMeasurement measurement, float guidanceScale, String device) {
    String command = "jobs/benchmark quality --prompts %d".formatted(prompts);
    if (from > 0) {
      command += " --from " + from;
    }
    command += chosen.arguments();
    if (steps != null) {
      command += " --steps " + steps;
    }
    if (frames != null) {
      command += " --frames " + frames;
    }
    if (!guidanceIntervals.isEmpty()) {
      command += " --guidance-intervals " + joined(guidanceIntervals);
    }
    if (!cacheThresholds.isEmpty()) {
      command += " --cache-thresholds " + joined(cacheThresholds);
    }
    return new QualityReport(
        Environment.describe(command, device),
        "%d x %d pixels, %d frames, %d steps, guidance %s."
            .formatted(
                measurement.geometry().width(),
                measurement.geometry().height(),
                measurement.geometry().frames(),
                measurement.steps(),
                guidanceScale));
  }

  private static String joined(List<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
