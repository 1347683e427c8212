package org.reelspark.jobs;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.reelspark.jobs.randomcheckpoint.CheckpointPlan;
import org.reelspark.jobs.randomcheckpoint.CheckpointWriter;
import org.reelspark.jobs.randomcheckpoint.PublishedModel;
import org.reelspark.tensor.DType;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Command line of the program that makes checkpoints of random weights. */
@Command(
    name = "make-random-checkpoint",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    sortOptions = false,
    description = {
      "Makes a checkpoint with random weights, in the layout and sizes of a published one.",
      "It is for benchmarks and load tests: it loads like the published one and takes the same"
          + " time and memory, but its videos show noise."
    },
    footer = {"", "Exit code: 0 when the checkpoint is written, 2 when it could not be."})
public final class MakeRandomCheckpoint implements Callable<Integer> {
  @Option(
      names = "--like",
      required = true,
      paramLabel = "MODEL",
      description = "The published checkpoint: ${COMPLETION-CANDIDATES}.")
  private PublishedModel like;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Takes the checkpoint; it must be empty or not exist yet.")
  private Path out;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "The same seed gives the same weights on every machine; default: 0.")
  private long seed;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = WeightType.class,
      description = "Type of all weights: bf16, f16 or f32; default: as published.")
  private DType type;

  @Option(
      names = "--layers",
      paramLabel = "N",
      description = "Only the first layers of each transformer; default: all.")
  private Integer layers;

  @Option(
      names = "--text-layers",
      paramLabel = "N",
      description = "Only the first layers of the text encoder; default: all.")
  private Integer textLayers;

  @Option(
      names = "--shard-bytes",
      paramLabel = "N",
      description = "The most bytes of tensors in one file; default: as published.")
  private Long shardBytes;

  private final PrintStream progress;

  private MakeRandomCheckpoint(PrintStream progress) {
    this.progress = progress;
  }

  /** Reads the types that weights may have. */
  static final class WeightType implements ITypeConverter<DType> {
    @Override
    public DType convert(String name) {
      return switch (name) {
        case "bf16" -> DType.BF16;
        case "f16" -> DType.F16;
        case "f32" -> DType.F32;
        default ->
            throw new TypeConversionException(
                "'%s' is no type of weights; give bf16, f16 or f32".formatted(name));
      };
    }
  }

  public static void main(String[] arguments) {
    System.exit(run(System.out, System.err, arguments));
  }

  /** Runs the program as {@link #main} does and returns the exit code. */
  static int run(PrintStream out, PrintStream err, String... arguments) {
    return new CommandLine(new MakeRandomCheckpoint(out))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setExecutionExceptionHandler(new KnownErrors())
        .execute(arguments);
  }

  @Override
  public Integer call() {
    CheckpointPlan plan =
        CheckpointPlan.of(
            like,
            new CheckpointPlan.Changes(
                Optional.ofNullable(type),
                Optional.ofNullable(layers),
                Optional.ofNullable(textLayers),
                Optional.ofNullable(shardBytes)));
    progress.printf("Random weights like %s, seed %d: %s%n", like, seed, plan.summary());
    new CheckpointWriter(plan, seed, progress::println).write(out);
    progress.println("Wrote " + out);
    return 0;
  }
}
