package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.LayerProfile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.cuda.ActivationType;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.backend.cuda.CudaOptions;
import org.reelspark.backend.cuda.LinearPrecision;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.jobs.ChosenSize;
import org.reelspark.jobs.ProjectVersion;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Speed of a model on a GPU: steps of the sampler by operation, text, decoding, memory. */
@Command(
    name = "gpu",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description = "Steps of the sampler by operation, text and decoding, on a GPU.")
final class GpuBenchmark implements Callable<Integer> {
  @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
  private Path model;

  @Option(
      names = "--device",
      defaultValue = "0",
      description = "Index, UUID or PCI address of the GPU.")
  private String device;

  @Mixin private final ChosenSize size = new ChosenSize();

  @Option(names = "--steps", defaultValue = "6", description = "Sampler steps that are timed.")
  private int steps;

  @Option(
      names = "--clip-steps",
      description =
          "Sampler steps of the whole clips that are timed, from prompt to MP4; 0 for none, the"
              + " model's own by default.")
  private Integer clipSteps;

  @Option(
      names = "--keep",
      defaultValue = "0.5",
      description = "Fraction of key blocks that sparse attention keeps.")
  private float keep;

  @Option(
      names = "--activations",
      defaultValue = "BF16",
      description = "Type of the transformer's activations: ${COMPLETION-CANDIDATES}.")
  private ActivationType activations;

  @Option(names = "--out", paramLabel = "FILE", description = "Writes the report here too.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    GpuReport report = new GpuReport();
    try (CudaGpu gpu = CudaGpu.open(device)) {
      for (Precisions precisions : Precisions.values()) {
        measure(gpu, precisions, report);
      }
    }
    System.out.print(report);
    if (out != null) {
      Files.writeString(out, report.toString());
    }
    return 0;
  }

  private String command() {
    StringBuilder command = new StringBuilder("jobs/benchmark gpu --model " + model.getFileName());
    command.append(size.arguments());
    addChosen(command, "--steps", steps);
    addChosen(command, "--clip-steps", clipSteps);
    addChosen(command, "--keep", keep);
    addChosen(command, "--activations", activations);
    return command.toString();
  }

  private static void addChosen(StringBuilder command, String option, Object value) {
    if (value != null) {
      command.append(' ').append(option).append(' ').append(value);
    }
  }

  private void measure(CudaGpu gpu, Precisions precisions, GpuReport report) {
    CudaOptions options =
        new CudaOptions(0, activations, precisions.attention(), precisions.linear());
    CudaBackend created;
    try {
      created = CudaBackend.create(gpu, options);
    } catch (ReelsparkException e) {
      // Not every GPU has linear layers of 8 bits.
      if (precisions.linear() == LinearPrecision.EIGHT_BIT
          && e.code() == ErrorCode.INVALID_CONFIGURATION) {
        report.line("Without %s: %s.", precisions.title(), e.getMessage());
        return;
      }
      throw e;
    }
    try (CudaBackend backend = created) {
      report.environment(Environment.describe(command(), backend.describe()));
      measure(backend, precisions, report);
    }
  }

  private void measure(CudaBackend backend, Precisions precisions, GpuReport report) {
    long start = System.nanoTime();
    try (OperationClock clock = new OperationClock(backend);
        VideoModel videoModel = VideoModels.load(model, clock.timed())) {
      double loaded = (System.nanoTime() - start) / 1e9;
      VideoGeometry geometry = size.geometry(videoModel);
      StepTimer timer = new StepTimer(videoModel, geometry, steps, clock);
      timer.warmUp();
      DeviceRates rates = DeviceRates.measure(clock);
      report.rates(rates);
      int stepsOfClip =
          Objects.requireNonNullElse(clipSteps, videoModel.description().defaults().steps());
      ClipTimer clips = new ClipTimer(videoModel, geometry, stepsOfClip);
      for (Attention attention : attentions(precisions, videoModel.description())) {
        report.add(attention.name, timer.time(attention.profile), rates, precisions);
        if (stepsOfClip > 0) {
          report.clip(geometry, stepsOfClip, clips.time(attention.profile));
        }
      }
      report.line(
          "The model loads in %.1f s; it and its work took at most %d MiB of GPU memory.",
          loaded, backend.mostMemoryUsed() >> 20);
    }
  }

  private record Attention(String name, AttentionProfile profile) {}

  private List<Attention> attentions(Precisions precisions, ModelDescription description) {
    Attention dense = new Attention("dense, " + precisions.title(), AttentionProfile.DENSE);
    Attention sparse =
        new Attention(
            "%s of key blocks, %s".formatted(keep, precisions.title()), sparse(description));
    return switch (precisions.attention()) {
      case SIXTEEN_BIT -> List.of(dense);
      case EIGHT_BIT -> List.of(dense, sparse);
    };
  }

  /** The same fraction in every head, tokens along a Hilbert curve. */
  private AttentionProfile sparse(ModelDescription description) {
    HeadParameters head =
        new HeadParameters(
            new BlockSelection.TopK(keep),
            HeadParameters.DENSE.similarityThreshold(),
            HeadParameters.DENSE.pvThreshold());
    LayerProfile layer =
        new LayerProfile(
            List.of(
                new LayerProfile.TimestepRange(0, Collections.nCopies(description.heads(), head))));
    return new AttentionProfile(
        TokenOrder.HILBERT, Collections.nCopies(description.layers(), layer));
  }
}
