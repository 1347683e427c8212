package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import picocli.CommandLine;

class ModuleOutputsTest {
  private static final String PROMPT = "a red square moves right";
  private static final int TOKENS = 6;
  private static final int SIDE = 32;
  private static final int FRAMES = 5;
  private static final long SEED = 7;

  @TempDir private static Path directory;

  private static ByteBuffer file;
  private static JsonNode header;

  @BeforeAll
  static void runOnce() throws Exception {
    Path out = directory.resolve("modules.safetensors");
    String side = String.valueOf(SIDE);
    String frames = String.valueOf(FRAMES);

    int exitCode =
        new CommandLine(new Benchmark())
            .execute(
                "modules",
                "--model",
                "sample-model",
                "--prompt",
                PROMPT,
                "--width",
                side,
                "--height",
                side,
                "--frames",
                frames,
                "--decoded-frames",
                frames,
                "--out",
                out.toString());

    assertThat(exitCode).isZero();
    file = ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN);
    header = new ObjectMapper().readTree(file.array(), Long.BYTES, (int) file.getLong(0));
  }

  @Test
  void saysWhatRanOnWhat() {
    JsonNode metadata = header.get("__metadata__");

    assertThat(metadata.get("prompt").asText()).isEqualTo(PROMPT);
    assertThat(metadata.get("tokens").asText()).isEqualTo(String.valueOf(TOKENS));
    assertThat(metadata.get("timestep").asText()).isEqualTo("999.0");
    assertThat(metadata.get("arithmetic").asText()).contains("cpu");
    assertThat(metadata.get("device").asText()).startsWith("cpu");
  }

  @Test
  void holdsTheStatesOfThePrompt() {
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(Path.of("sample-model"), backend);
        TextEmbedding text = model.encodeText(PROMPT)) {
      assertThat(floats("text.states")).containsExactly(text.states().toFloats());
    }
  }

  /** UniPC remembers the latents of its last step and the data {@code latents - sigma velocity}. */
  @Test
  void holdsTheVelocityOfTheFirstStepOfLongerRuns() {
    List<DenoiseState> states = new ArrayList<>();
    DenoiseObserver observer =
        new DenoiseObserver() {
          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            states.add(state.get());
          }
        };
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(Path.of("sample-model"), backend);
        TextEmbedding text = model.encodeText(PROMPT)) {
      DenoiseRequest request =
          new DenoiseRequest(
              model.geometry(SIDE, SIDE, FRAMES),
              3,
              Guidance.throughout(1),
              SEED,
              AttentionProfile.DENSE);
      model.denoise(request, text, null, observer).close();
    }

    float[] noise = states.get(0).tensors().get(1);
    float[] data = states.get(0).tensors().get(2);
    assertThat(floats("transformer.latents")).containsExactly(noise);
    float[] velocity = floats("transformer.velocity");
    for (int i = 0; i < velocity.length; i++) {
      assertThat(velocity[i]).isCloseTo(noise[i] - data[i], within(1e-5f));
    }
  }

  @Test
  void holdsThePixelsOfItsLatents() {
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(Path.of("sample-model"), backend);
        Tensor latents = Tensor.ofFloats(shape("vae.latents"), floats("vae.latents"));
        Tensor pixels = model.decode(latents)) {
      assertThat(shape("vae.pixels")).isEqualTo(Shape.of(FRAMES, SIDE, SIDE, 3));
      assertThat(data("vae.pixels")).isEqualTo(pixels.buffer());
    }
  }

  private static Shape shape(String tensor) {
    List<Long> sizes = new ArrayList<>();
    header.get(tensor).get("shape").forEach(size -> sizes.add(size.asLong()));
    return Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
  }

  private static float[] floats(String tensor) {
    assertThat(header.get(tensor).get("dtype").asText()).isEqualTo("F32");
    ByteBuffer bytes = data(tensor);
    float[] floats = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(floats);
    return floats;
  }

  private static ByteBuffer data(String tensor) {
    JsonNode offsets = header.get(tensor).get("data_offsets");
    int start = Long.BYTES + (int) file.getLong(0);
    int begin = offsets.get(0).asInt();
    return file.slice(start + begin, offsets.get(1).asInt() - begin).order(ByteOrder.LITTLE_ENDIAN);
  }
}
