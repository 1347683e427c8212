package org.reelspark.jobs;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.reelspark.attention.ProfileFile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.attention.TunedProfile;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.jobs.tuning.ProfileTuner;
import org.reelspark.jobs.tuning.TuningPlan;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Command line of the program that finds a model's sparse attention profile. */
@Command(
    name = "tune-attention",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    sortOptions = false,
    description = {
      "Finds how sparsely each attention head of a model may attend.",
      "Runs the calibration prompts densely, compares sparse with dense outputs of every head, and"
          + " writes the token order and the thresholds that skip the most work."
    },
    footer = {"", "Exit code: 0 when the profile is written, 2 when it could not be."})
public final class TuneAttention implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Model in diffusers layout.")
  private Path model;

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "FILE",
      description = "Calibration prompts in UTF-8, one a line; a few, unlike each other, suffice.")
  private Path prompts;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Takes the profile; default: attention_profile.json in the model directory.")
  private Path out;

  @Option(
      names = "--bound",
      defaultValue = "0.05",
      paramLabel = "ERROR",
      description =
          "Greatest relative L1 error of a head's output on any sample; default:"
              + " ${DEFAULT-VALUE}.")
  private double bound;

  @Option(
      names = "--orders",
      split = ",",
      defaultValue = "row_major,time_major,hilbert,bricks",
      paramLabel = "ORDER",
      description = "Token orders to choose from; default: ${DEFAULT-VALUE}.")
  private List<TokenOrder> orders;

  @Mixin private final ChosenDevice device = new ChosenDevice();

  @Mixin private final ChosenSize size = new ChosenSize();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Sampler steps of a calibration run; default: the model's.")
  private Integer steps;

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      description = "Guidance scale of a calibration run; default: the model's.")
  private Float guidance;

  @Option(
      names = "--ranges",
      defaultValue = "3",
      paramLabel = "N",
      description = "Timestep ranges with parameters of their own; default: ${DEFAULT-VALUE}.")
  private int ranges;

  @Option(
      names = "--samples-per-range",
      defaultValue = "1",
      paramLabel = "N",
      description = "Steps of each range at which heads are sampled; default: ${DEFAULT-VALUE}.")
  private int samplesPerRange;

  @Option(
      names = "--query-blocks",
      defaultValue = "6",
      paramLabel = "N",
      description =
          "Blocks of 128 queries that are measured in each sample; default: ${DEFAULT-VALUE}.")
  private int queryBlocks;

  private final PrintStream progress;

  private TuneAttention(PrintStream progress) {
    this.progress = progress;
  }

  public static void main(String[] arguments) {
    System.exit(run(System.out, System.err, arguments));
  }

  /** Runs the program as {@link #main} does and returns the exit code. */
  static int run(PrintStream out, PrintStream err, String... arguments) {
    return new CommandLine(new TuneAttention(out))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(new KnownErrors())
        .execute(arguments);
  }

  @Override
  public Integer call() {
    List<String> texts = readPrompts();
    try (ChosenDevice.Opened opened = device.open();
        VideoModel videoModel = VideoModels.loadWithoutProfile(model, opened.backend())) {
      TuningPlan plan = plan(texts, videoModel);
      TunedProfile profile =
          new ProfileTuner(videoModel, opened.backend(), plan, progress::println).tune();
      Path file = out == null ? model.resolve(TunedProfile.FILE_NAME) : out;
      ProfileFile.write(file, profile);
      progress.println("Wrote " + file);
    }
    return 0;
  }

  private TuningPlan plan(List<String> texts, VideoModel videoModel) {
    GenerationDefaults defaults = videoModel.description().defaults();
    VideoGeometry geometry = size.geometry(videoModel);
    try {
      return new TuningPlan(
          texts,
          geometry,
          Objects.requireNonNullElse(steps, defaults.steps()),
          Objects.requireNonNullElse(guidance, defaults.guidanceScale()),
          orders,
          bound,
          ranges,
          samplesPerRange,
          queryBlocks);
    } catch (IllegalArgumentException e) {
      throw new ReelsparkException(ErrorCode.INVALID_OPTION, e.getMessage(), e);
    }
  }

  private List<String> readPrompts() {
    try {
      return Files.readAllLines(prompts).stream()
          .map(String::strip)
          .filter(s -> !s.isEmpty())
          .toList();
    } catch (CharacterCodingException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT, prompts + " is not UTF-8; save it as UTF-8 text", e);
    } catch (NoSuchFileException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "%s does not exist; give a text file with a prompt on each line".formatted(prompts),
          e);
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "cannot read the prompts in %s: %s".formatted(prompts, e.getMessage()),
          e);
    }
  }
}
