package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.jobs.ProjectVersion;
import org.reelspark.jobs.benchmark.ClipTimer.Clip;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Speed of the CPU backend: operations, then whole clips. */
@Command(
    name = "cpu",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description = "Matrix products, convolutions, attention and whole clips on the processor.")
final class CpuBenchmark implements Callable<Integer> {
  private static final int WARM_UP_ROUNDS = 5;

  @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
  private Path model;

  @Option(names = "--steps", defaultValue = "12", description = "Sampler steps of a clip.")
  private int steps;

  @Option(names = "--clips", defaultValue = "3", description = "Clips of each kind; 0 for none.")
  private int clips;

  @Option(names = "--rounds", defaultValue = "15", description = "Rounds over the operations.")
  private int rounds;

  @Option(names = "--out", paramLabel = "FILE", description = "Writes the report here too.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    CpuOptions options = CpuOptions.allProcessors();
    try (Backend backend = CpuBackend.create(options)) {
      CpuReport report =
          new CpuReport(
              Environment.describe(
                  "jobs/benchmark cpu --steps %d --clips %d --rounds %d"
                      .formatted(steps, clips, rounds),
                  backend.describe()));
      if (clips > 0) {
        timeClips(backend, report);
      }
      timeOperations(backend, options.threads(), report);
      System.out.print(report);
      if (out != null) {
        Files.writeString(out, report.toString());
      }
    }
    return 0;
  }

  private void timeOperations(Backend backend, int threads, CpuReport report) {
    try (OperationTasks tasks = new OperationTasks(backend, threads)) {
      report.operations(
          "Matrix products", Interleaved.time(tasks.matrixProducts(), WARM_UP_ROUNDS, rounds));
      report.tokenOperations(
          "Other operations on 4,352 tokens of 256",
          Interleaved.time(tasks.tokenOperations(), WARM_UP_ROUNDS, rounds));
      report.operations(
          "Convolutions of the video decoder",
          Interleaved.time(tasks.convolutions(), WARM_UP_ROUNDS, rounds));
      report.attention(
          "Attention, 4,352 tokens, 4 heads of 64, prediction included",
          Interleaved.time(tasks.attentions(), WARM_UP_ROUNDS, rounds));
    }
  }

  /** First, while nothing else has touched memory, so that the peak is that of generating. */
  private void timeClips(Backend backend, CpuReport report) {
    long start = System.nanoTime();
    try (VideoModel videoModel = VideoModels.load(model, backend)) {
      double loaded = (System.nanoTime() - start) / 1e9;
      ClipTimer timer = new ClipTimer(videoModel, geometry(videoModel), steps);
      Optional<AttentionProfile> profile = videoModel.description().profile();
      List<Clip> dense = new ArrayList<>();
      List<Clip> sparse = new ArrayList<>();
      for (int i = 0; i < clips; i++) {
        dense.add(timer.time(AttentionProfile.DENSE));
        profile.ifPresent(sparseProfile -> sparse.add(timer.time(sparseProfile)));
      }
      report.clips(
          "One clip of %s, %d steps with guidance, model loaded"
              .formatted(videoModel.description().family(), steps),
          middle(dense),
          sparse.isEmpty() ? Optional.empty() : Optional.of(middle(sparse)));
      report.line(
          "The model loads in %.1f s. The process held at most %d MiB.",
          loaded, Environment.peakMebibytes());
    }
  }

  private static VideoGeometry geometry(VideoModel videoModel) {
    GenerationDefaults defaults = videoModel.description().defaults();
    return videoModel.geometry(defaults.width(), defaults.height(), defaults.frames());
  }

  /** The clip of median total time. */
  private static Clip middle(List<Clip> clips) {
    return clips.stream()
        .sorted(Comparator.comparingDouble(Clip::total))
        .skip((clips.size() - 1) / 2)
        .findFirst()
        .orElseThrow();
  }
}
