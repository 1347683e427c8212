package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.Floats;
import org.reelspark.model.Goldens;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.model.schedule.Scheduler;
import org.reelspark.model.schedule.SchedulerConfig;
import org.reelspark.model.text.TextEncoder;
import org.reelspark.tensor.Tensor;

/** Each stage, and the sampler loop as a whole, compared with diffusers on the same noise. */
class WanPipelineTest {
  private static final Goldens GOLDENS = Goldens.open("wan/pipeline.safetensors");
  private static final double MODULE_TOLERANCE = 2e-5;
  private static final double TOLERANCE = 1e-4;

  private final Checkpoint checkpoint = Checkpoint.open(Goldens.path("wan/checkpoint"));
  private final Backend backend = CpuBackend.create(new CpuOptions(2));

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  @Test
  void encodesThePromptAsTransformersDoes() {
    try (TextEncoder encoder = TextEncoder.load(checkpoint, backend);
        TextEmbedding prompt = encoder.encode("a red square moves right")) {
      Floats.assertClose(
          prompt.states().toFloats(), GOLDENS.floats("prompt.states"), MODULE_TOLERANCE);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ROW_MAJOR", "HILBERT"})
  void makesTheLatentsOfDiffusersInEitherTokenOrder(TokenOrder order) {
    try (WanExperts experts = WanExperts.load(checkpoint, backend)) {
      Floats.assertClose(latents(experts, order), GOLDENS.floats("latents"), TOLERANCE);
    }
  }

  @Test
  void switchesToTheLowNoiseExpertWhereDiffusersDoes() {
    float[] expected = Goldens.open("wan/two-experts.safetensors").floats("latents");
    assertThat(Floats.largestDifference(expected, GOLDENS.floats("latents"))).isGreaterThan(0.1);

    try (WanExperts experts =
        new WanExperts(
            WanTransformer.load(checkpoint, "transformer", backend), lowNoiseExpert(), 875)) {
      Floats.assertClose(latents(experts, TokenOrder.ROW_MAJOR), expected, TOLERANCE);
    }
  }

  @Test
  void decodesTheVideoOfDiffusers() {
    Tensor expected = GOLDENS.tensor("video");
    try (Tensor levels = backend.upload(expected);
        Tensor latents = backend.upload(GOLDENS.tensor("latents"));
        WanVaeDecoder decoder = WanVaeDecoder.load(checkpoint, backend);
        Tensor video = decoder.decode(latents)) {
      assertThat(video.shape()).isEqualTo(expected.shape());
      float[] level = levels.toFloats();
      ByteBuffer pixels = video.buffer();
      for (int i = 0; i < level.length; i++) {
        // Truncation turns the smallest difference into a whole level.
        assertThat((pixels.get(i) & 0xff) - level[i]).as("element %d", i).isBetween(-1f, 1f);
      }
    }
  }

  private float[] latents(WanExperts experts, TokenOrder order) {
    Scheduler scheduler =
        SchedulerConfig.read(checkpoint.json("scheduler", "scheduler_config.json"));
    VideoGeometry geometry =
        new WanSizes(experts.config().patch(), 4, 4, 4, 1024).geometry(48, 32, 9);
    AttentionProfile dense = new AttentionProfile(order, AttentionProfile.DENSE.layers());
    DenoiseRequest request = new DenoiseRequest(geometry, 6, Guidance.throughout(4), 0, dense);
    WanDenoiser denoiser = new WanDenoiser(experts, scheduler, backend);
    try (TextEncoder encoder = TextEncoder.load(checkpoint, backend);
        TextEmbedding prompt = encoder.encode("a red square moves right");
        TextEmbedding negative = encoder.encode("a blue circle");
        DenoiseResult result =
            denoiser.run(
                request,
                Optional.empty(),
                prompt,
                negative,
                backend.upload(GOLDENS.tensor("noise")),
                DenoiseObserver.NONE)) {
      return result.latents().toFloats();
    }
  }

  private WanTransformer lowNoiseExpert() {
    Path component = Goldens.path("wan/low-noise/transformer");
    return WanTransformer.load(
        JsonConfig.read(component.resolve("config.json")), Weights.open(component), backend);
  }
}
