package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

@ExtendWith(NothingStaysAllocated.class)
class WanVaeDecoderTest {
  private static final double TOLERANCE = 2e-5;

  private final Backend backend = CpuBackend.create(new CpuOptions(2));

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({
    "wan21, 1", "wan21, 3", "wan21, 4",
    "wan22, 1", "wan22, 3", "wan22, 4",
    "frames_doubled_first, 1", "frames_doubled_first, 2", "frames_doubled_first, 5"
  })
  void decodesAsDiffusersInGroupsOfAnySize(String form, int groupFrames) throws Exception {
    Golden golden = new Golden(form);

    List<Float> pixels = golden.decode(groupFrames, backend);

    try (Tensor expected = golden.pixels()) {
      assertThat(largestDifference(pixels, expected)).isLessThan(TOLERANCE);
    }
  }

  @ParameterizedTest
  @CsvSource({"wan21, 4", "wan22, 4", "frames_doubled_first, 5"})
  void groupsOfAnySizeGiveTheSameBits(String form, int frames) throws Exception {
    Golden golden = new Golden(form);
    List<Float> whole = golden.decode(frames, backend);

    for (int groupFrames = 1; groupFrames < frames; groupFrames++) {
      assertThat(golden.decode(groupFrames, backend)).as("by %d", groupFrames).isEqualTo(whole);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"wan21", "wan22", "frames_doubled_first"})
  void groupsThatDoNotFitAreHalvedAndGiveTheSameVideo(String form) throws Exception {
    Golden golden = new Golden(form);
    MemoryBudget unlimited = new MemoryBudget(Long.MAX_VALUE);
    ByteBuffer whole = golden.video(unlimited.limiting(backend));
    MemoryBudget frameByFrame = new MemoryBudget(Long.MAX_VALUE);
    golden.decode(1, frameByFrame.limiting(backend));
    assertThat(frameByFrame.mostUsed()).isLessThan(unlimited.mostUsed());

    for (long limit = unlimited.mostUsed() - 1;
        limit > frameByFrame.mostUsed();
        limit -= (unlimited.mostUsed() - frameByFrame.mostUsed()) / 5) {
      MemoryBudget budget = new MemoryBudget(limit);
      assertThat(golden.video(budget.limiting(backend))).as("within %d", limit).isEqualTo(whole);
      assertThat(budget.refusals()).as("refusals within %d", limit).isBetween(1, 2);
    }
    Backend tooSmall = new MemoryBudget(frameByFrame.mostUsed() - 1).limiting(backend);
    assertThatThrownBy(() -> golden.video(tooSmall))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY));
  }

  @ParameterizedTest
  @ValueSource(strings = {"wan21", "wan22", "frames_doubled_first"})
  void writesPixelsAsBytes(String form) throws Exception {
    Golden golden = new Golden(form);

    try (Tensor expected = golden.pixels();
        WanVaeDecoder decoder = golden.decoder(backend);
        Tensor pixels = decoder.decode(golden.latents())) {
      assertThat(pixels.shape()).isEqualTo(expected.shape());
      ByteBuffer bytes = pixels.buffer();
      float[] values = expected.toFloats();
      for (int i = 0; i < values.length; i++) {
        float level = (values[i] / 2 + 0.5f) * 255;
        assertThat(bytes.get(i) & 0xff)
            .isBetween((int) (level - TOLERANCE * 255), (int) (level + TOLERANCE * 255));
      }
    }
  }

  /** Bytes of intermediate results are what bounds a group. */
  @ParameterizedTest
  @CsvSource({"16, F32, 5", "16, F16, 10", "60, F32, 1", "60, F16, 2", "200, F16, 1", "2, F32, 21"})
  void groupsAreLongerWherePixelsAreNarrower(int height, DType pixelType, int frames) {
    WanVaeConfig config =
        new WanVaeConfig(
            List.of(384, 384, 192, 96),
            16,
            2,
            List.of(true, true, false),
            List.of(),
            List.of(),
            false,
            1);

    Shape latents = Shape.of(16, 21, height, 16);
    assertThat(WanVaeDecoder.groupFrames(config, latents, pixelType)).isEqualTo(frames);
  }

  @Test
  void saysThatPixelsAreNotFinite() throws Exception {
    Golden golden = new Golden("wan21");
    try (WanVaeDecoder decoder = golden.decoder(backend);
        Tensor stored = golden.latents();
        Tensor latents = backend.upload(stored)) {
      latents.buffer().asFloatBuffer().put(0, Float.NaN);

      assertThatThrownBy(() -> decoder.decode(latents))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.PIXELS_NOT_FINITE))
          .hasMessageContaining("frames 0 to ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"z_dim\": 4         | \"z_dim\": 5          | key 'latents_mean'",
        "\"out_channels\": 3  | \"out_channels\": 12  | key 'out_channels' is 12; expected 3",
        "_spatial\": 8        | _spatial\": 16        | 'scale_factor_spatial' is 16; expected 8",
        "_temporal\": 4       | _temporal\": 8        | 'scale_factor_temporal' is 8; expected 4",
        "1, 1, 2, 2           | 1, 1, 2, 2, 2         | key 'temperal_downsample'",
        "[ 1, 1, 2, 2 ]       | [ 1, 1, 0, 2 ]        | key 'dim_mult'",
        "[ 1, 1, 2, 2 ]       | [ 1, 1, 2000000000, 2 ] | at most 1048576 channels",
        "\"base_dim\": 4      | \"base_dim\": 8       | expected the shape [",
        "4, \"decoder_base_dim\": null, \"dim_mult\": [ 1, 1, 2, 2 ] | 1, \"dim_mult\": [ 1, 2, 4, 3 ] | even numbers of channels",
        "\"num_res_blocks\": 1| \"num_res_blocks\": 2 | lacks tensor 'decoder.up_blocks.0.resnets.2",
        "\"is_residual\": fals| \"is_residual\": tru  | lacks tensor"
      })
  void namesWhatIsWrongWithTheConfiguration(
      String original, String changed, String message, @TempDir Path directory) throws Exception {
    Golden golden = new Golden("wan21");
    String json = Files.readString(golden.config()).replaceAll("\\s+", " ");
    assertThat(json).contains(original);
    Path config =
        Files.writeString(directory.resolve("config.json"), json.replace(original, changed));

    assertThatThrownBy(() -> WanVaeDecoder.load(JsonConfig.read(config), golden.weights(), backend))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining(message)
        .extracting("code")
        .isEqualTo(ErrorCode.CHECKPOINT_INVALID);
  }

  private static double largestDifference(List<Float> found, Tensor expected) {
    float[] values = expected.toFloats();
    assertThat(found).hasSize(values.length);
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      float clamped = Math.max(-1, Math.min(1, found.get(i)));
      largest = Math.max(largest, Math.abs(clamped - values[i]));
    }
    return largest;
  }

  /** What {@code goldens_vae.py} wrote for one form of the decoder. */
  private record Golden(Path directory) {
    Golden(String form) throws URISyntaxException {
      this(Path.of(WanVaeDecoderTest.class.getResource("/goldens/vae/" + form).toURI()));
    }

    Path config() {
      return directory.resolve("config.json");
    }

    Weights weights() {
      return Weights.ofFile(directory.resolve("diffusion_pytorch_model.safetensors"));
    }

    WanVaeDecoder decoder(Backend backend) {
      return WanVaeDecoder.load(JsonConfig.read(config()), weights(), backend);
    }

    /** Values of all frames, decoded in groups of this size. */
    List<Float> decode(int groupFrames, Backend backend) {
      List<Float> values = new ArrayList<>();
      try (WanVaeDecoder decoder = decoder(backend);
          Tensor latents = latents()) {
        decoder.decode(
            latents,
            groupFrames,
            frames -> {
              for (float value : frames.toFloats()) {
                values.add(value);
              }
            });
      }
      return values;
    }

    /** Bytes of all frames. */
    ByteBuffer video(Backend backend) {
      try (WanVaeDecoder decoder = decoder(backend);
          Tensor latents = latents();
          Tensor pixels = decoder.decode(latents)) {
        return ByteBuffer.allocate((int) pixels.byteSize()).put(pixels.buffer()).flip();
      }
    }

    Tensor latents() {
      return decoded("latents");
    }

    /** Channels last, as the decoder writes them. */
    Tensor pixels() {
      Tensor planar = decoded("pixels");
      int planeLength = (int) (planar.elementCount() / WanVaeConfig.COLOURS);
      float[] source = planar.toFloats();
      float[] pixels = new float[source.length];
      for (int i = 0; i < source.length; i++) {
        pixels[i % planeLength * WanVaeConfig.COLOURS + i / planeLength] = source[i];
      }
      long[] sizes = planar.shape().toArray();
      return Tensor.ofFloats(Shape.of(sizes[1], sizes[2], sizes[3], sizes[0]), pixels);
    }

    private Tensor decoded(String name) {
      Weights file = Weights.ofFile(directory.resolve("decoded.safetensors"));
      return file.load(name, file.shape(name).toArray());
    }
  }
}
