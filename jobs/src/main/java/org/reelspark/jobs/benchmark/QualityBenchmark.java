package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.jobs.ProjectVersion;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.JudgePrompts;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether the sample model's clips show what their prompts ask for, dense and sparse. */
@Command(
    name = "quality",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description = "Generates clips of a fixed list of prompts, dense and sparse, and judges them.")
final class QualityBenchmark implements Callable<Integer> {
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

  @Option(names = "--out", paramLabel = "FILE", description = "Writes the report here too.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    List<Clip> clips = JudgePrompts.all();
    clips = clips.subList(0, Math.max(0, Math.min(prompts, clips.size())));
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel videoModel = VideoModels.load(model, backend)) {
      System.out.print(judge(clips, videoModel, backend.describe()));
    }
    return 0;
  }

  private QualityReport judge(List<Clip> clips, VideoModel videoModel, String device)
      throws IOException {
    GenerationDefaults defaults = videoModel.description().defaults();
    QualityMeasurement measurement =
        new QualityMeasurement(
            videoModel,
            videoModel.geometry(
                defaults.width(), defaults.height(), frames == null ? defaults.frames() : frames),
            steps == null ? defaults.steps() : steps,
            defaults.guidanceScale());
    QualityReport report = report(measurement, device);
    Optional<AttentionProfile> profile = videoModel.description().profile();
    for (int seed = from; seed < clips.size(); seed++) {
      measure(measurement, clips.get(seed), seed, profile, report);
      // After each prompt, because all of them take an hour.
      if (out != null) {
        Files.writeString(out, report.toString());
      }
    }
    return report;
  }

  private static void measure(
      QualityMeasurement measurement,
      Clip clip,
      int seed,
      Optional<AttentionProfile> profile,
      QualityReport report) {
    try (QualityMeasurement.Result dense =
        measurement.measure(clip, seed, AttentionProfile.DENSE)) {
      report.addDense(clip, dense);
      if (profile.isPresent()) {
        try (QualityMeasurement.Result sparse =
            measurement.measure(clip, seed, profile.orElseThrow())) {
          report.addSparse(clip, sparse, dense);
        }
      }
    }
    System.err.printf("%d: %s%n", seed + 1, clip.caption());
  }

  private QualityReport report(QualityMeasurement measurement, String device) {
    String command = "jobs/benchmark quality --prompts %d".formatted(prompts);
    if (from > 0) {
      command += " --from " + from;
    }
    if (steps != null) {
      command += " --steps " + steps;
    }
    if (frames != null) {
      command += " --frames " + frames;
    }
    return new QualityReport(
        Environment.describe(command, device),
        "%d x %d pixels, %d frames, %d steps, guidance %s."
            .formatted(
                measurement.geometry().width(),
                measurement.geometry().height(),
                measurement.geometry().frames(),
                measurement.steps(),
                measurement.guidanceScale()));
  }
}
