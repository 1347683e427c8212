package org.reelspark.model.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.LayerProfile;
import org.reelspark.attention.LayerProfile.TimestepRange;
import org.reelspark.attention.ProfileFile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.attention.TunedProfile;
import org.reelspark.attention.TuningRecord;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.Guidance;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** With a copy of the small golden checkpoint, spoilt in one place where the test says so. */
@ExtendWith(NothingStaysAllocated.class)
class VideoModelsTest {
  @TempDir Path model;

  private Backend backend;

  @BeforeEach
  void copyCheckpoint() throws IOException, URISyntaxException {
    Path golden = Path.of(VideoModelsTest.class.getResource("/goldens/wan/checkpoint").toURI());
    FileUtils.copyDirectory(golden.toFile(), model.toFile());
    backend = CpuBackend.create(new CpuOptions(1));
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void describesTheModel() {
    try (VideoModel loaded = VideoModels.load(model, backend)) {
      ModelDescription description = loaded.description();

      assertThat(description.family()).isEqualTo("wan2.1");
      assertThat(description.digest()).matches("[0-9a-f]{64}");
      assertThat(description.defaults()).isEqualTo(new GenerationDefaults(48, 32, 9, 6, 4, 8));
      assertThat(description.profile()).isEmpty();
    }
  }

  /** Names of tensors and digests hold numbers, which some locales write in other digits. */
  @Test
  void loadsTheSameInEveryLocale() {
    String digest = Checkpoint.open(model).digest();
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try (VideoModel loaded = VideoModels.load(model, backend)) {
      assertThat("%d".formatted(1)).isEqualTo("\u0661");
      assertThat(loaded.description().digest()).isEqualTo(digest);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void makesAVideo() {
    try (VideoModel loaded = VideoModels.load(model, backend);
        TextEmbedding prompt = loaded.encodeText("a red square moves right");
        TextEmbedding negative = loaded.encodeText("");
        DenoiseResult denoised =
            loaded.denoise(
                new DenoiseRequest(
                    loaded.geometry(48, 32, 9),
                    2,
                    Guidance.throughout(4),
                    1,
                    AttentionProfile.DENSE),
                prompt,
                negative,
                DenoiseObserver.NONE);
        Tensor video = loaded.decode(denoised.latents())) {
      assertThat(video.shape()).isEqualTo(Shape.of(9, 32, 48, 3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HunyuanVideoPipeline", "WanImageToVideoPipeline"})
  void namesAFamilyThatIsNotSupported(String pipeline) throws IOException {
    replace("model_index.json", "WanPipeline", pipeline);

    assertFails(
        ErrorCode.MODEL_UNSUPPORTED, model + " is a " + pipeline + "; WanPipeline", "is supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_index.json",
        "transformer",
        "transformer/config.json",
        "transformer/diffusion_pytorch_model.safetensors",
        "vae",
        "vae/config.json",
        "text_encoder",
        "tokenizer",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json"
      })
  void namesWhatIsMissing(String missing) throws IOException {
    FileUtils.forceDelete(model.resolve(missing).toFile());
    String component = missing.replaceFirst("/diffusion.*", "");

    assertFails(ErrorCode.MODEL_NOT_FOUND, model.toString(), component.replaceFirst(".*/", ""));
  }

  static Stream<Arguments> partsOfDifferentModels() {
    return Stream.of(
        argumentSet(
            "text encoder",
            "text_encoder/config.json",
            "\"d_model\": ",
            List.of("text_encoder", "shared.weight", "expected the shape")),
        argumentSet(
            "video decoder",
            "vae/config.json",
            "\"z_dim\": ",
            List.of("vae", "latents_mean", "z_dim")),
        argumentSet(
            "transformer",
            "transformer/config.json",
            "\"text_dim\": ",
            List.of("transformer", "text_embedder", "expected the shape")));
  }

  /** The number after the key gains a digit. */
  @ParameterizedTest
  @MethodSource("partsOfDifferentModels")
  void namesPartsThatDoNotFit(String file, String key, List<String> problem) throws IOException {
    replace(file, key, key + "1");

    assertFails(ErrorCode.CHECKPOINT_INVALID, problem.toArray(String[]::new));
  }

  @Test
  void loadsTwoExperts() throws IOException {
    addSecondTransformer();
    replace("model_index.json", "\"boundary_ratio\": null", "\"boundary_ratio\": 0.875");

    try (VideoModel loaded = VideoModels.load(model, backend)) {
      assertThat(loaded.description().family()).isEqualTo("wan2.2");
    }
  }

  @Test
  void rejectsTwoExpertsWithoutBoundary() throws IOException {
    addSecondTransformer();

    assertFails(ErrorCode.CHECKPOINT_INVALID, "model_index.json: key 'boundary_ratio' is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1.0", "\"0.875\""})
  void rejectsBoundaryThatIsNoFraction(String boundary) throws IOException {
    addSecondTransformer();
    replace("model_index.json", "\"boundary_ratio\": null", "\"boundary_ratio\": " + boundary);

    assertFails(ErrorCode.CHECKPOINT_INVALID, "model_index.json: key 'boundary_ratio' is");
  }

  @Test
  void takesTheProfileThatWasTunedForTheModel() {
    AttentionProfile profile = new AttentionProfile(TokenOrder.HILBERT, List.of());
    writeProfile(profile, Checkpoint.open(model).digest());

    try (VideoModel loaded = VideoModels.load(model, backend)) {
      assertThat(loaded.description().profile()).hasValue(profile);
    }
  }

  @Test
  void rejectsTheProfileOfAnotherModel() {
    writeProfile(AttentionProfile.DENSE, "0".repeat(64));

    assertFails(ErrorCode.PROFILE_INVALID, "0".repeat(64), Checkpoint.open(model).digest());
  }

  /** Which the profile's digest shows too, but not where. */
  @Test
  void namesTheDamagedFileOfAModelWithAProfile() throws IOException {
    writeProfile(AttentionProfile.DENSE, Checkpoint.open(model).digest());
    Path weights = model.resolve("vae/diffusion_pytorch_model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 1));

    assertFails(ErrorCode.CHECKPOINT_INVALID, weights.toString());
  }

  @Test
  void rejectsTheProfileOfAnotherSize() {
    LayerProfile layer =
        new LayerProfile(List.of(new TimestepRange(0, List.of(HeadParameters.DENSE))));
    AttentionProfile profile = new AttentionProfile(TokenOrder.HILBERT, List.of(layer));
    writeProfile(profile, Checkpoint.open(model).digest());

    assertFails(ErrorCode.PROFILE_INVALID, "1 layers; the model has 2");
  }

  private void writeProfile(AttentionProfile profile, String digest) {
    TuningRecord tuning = new TuningRecord(digest, "2026-01-01", 0.05, List.of("a cat"), 4, 0);
    ProfileFile.write(model.resolve(TunedProfile.FILE_NAME), new TunedProfile(profile, tuning));
  }

  @Test
  void rejectsExpertsOfDifferentSizes() throws IOException {
    addSecondTransformer();
    replace("model_index.json", "\"boundary_ratio\": null", "\"boundary_ratio\": 0.875");
    replace("transformer_2/config.json", "\"eps\": 1e-06", "\"eps\": 1e-05");

    assertFails(ErrorCode.CHECKPOINT_INVALID, "transformer_2/config.json", "epsilon=1.0E-5");
  }

  private void addSecondTransformer() throws IOException {
    replace(
        "model_index.json",
        "\"vae\": [",
        "\"transformer_2\": [\"diffusers\", \"WanTransformer3DModel\"], \"vae\": [");
    replace("model_index.json", ",\\s*\"transformer_2\": \\[\\s*null,\\s*null\\s*\\]", "");
    FileUtils.copyDirectory(
        model.resolve("transformer").toFile(), model.resolve("transformer_2").toFile());
  }

  /**
   * @param found a literal text, or else a regular expression
   */
  private void replace(String file, String found, String replacement) throws IOException {
    Path path = model.resolve(file);
    String before = Files.readString(path);
    String after =
        before.contains(found)
            ? before.replace(found, replacement)
            : before.replaceAll(found, replacement);
    assertThat(after).isNotEqualTo(before);
    Files.writeString(path, after);
  }

  private void assertFails(ErrorCode code, String... problem) {
    assertThatThrownBy(() -> VideoModels.load(model, backend))
        .isInstanceOfSatisfying(ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(problem);
  }
}
