package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.backend.cuda.ActivationType;
import org.reelspark.backend.cuda.AttentionPrecision;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.backend.cuda.CudaOptions;
import org.reelspark.backend.cuda.LinearPrecision;
import org.reelspark.backend.cuda.NeedsGpu;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import org.reelspark.model.schedule.GaussianNoise;
import org.reelspark.tensor.Tensor;

/** The sample model on a GPU against the same on the processor. */
@NeedsGpu
class WanOnGpuTest {
  private static final Path MODEL = Path.of("..", "jobs", "sample-model");
  private static final int STEPS = 6;
  private static final int MEMORY_MIB = 4096;

  private static CudaGpu device;
  private static CudaBackend gpu;
  private static CpuBackend cpu;
  private static VideoModel onGpu;
  private static VideoModel onCpu;

  @BeforeAll
  static void load() {
    device = CudaGpu.open("0");
    gpu = backend(ActivationType.BF16, AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT);
    cpu = CpuBackend.create(CpuOptions.allProcessors());
    onGpu = VideoModels.load(MODEL, gpu);
    onCpu = VideoModels.load(MODEL, cpu);
  }

  private static CudaBackend backend(
      ActivationType activations, AttentionPrecision attention, LinearPrecision linear) {
    return CudaBackend.create(device, new CudaOptions(MEMORY_MIB, activations, attention, linear));
  }

  @AfterAll
  static void close() {
    onGpu.close();
    onCpu.close();
    gpu.close();
    cpu.close();
    device.close();
  }

  @Test
  void encodesTextAsTheProcessorDoes() {
    float[] expected = states(onCpu, cpu);

    assertThat(distance(states(onGpu, gpu), expected)).isLessThan(1e-2);
  }

  /** The only step without guidance goes from noise along one velocity, whose error is seen. */
  @ParameterizedTest
  @CsvSource({"F16, 1e-3", "BF16, 2.7e-3"})
  void predictsVelocitiesAsTheProcessorDoes(ActivationType activations, double tolerance) {
    try (CudaBackend backend =
            backend(activations, AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT);
        VideoModel model = VideoModels.load(MODEL, backend)) {
      assertThat(distance(velocity(model, backend), velocity(onCpu, cpu))).isLessThan(tolerance);
    }
  }

  private static float[] velocity(VideoModel model, Backend backend) {
    DenoiseRequest request = request(model, 1, Guidance.throughout(1));
    try (Tensor latents = denoise(model, request, Optional.empty(), DenoiseObserver.NONE)) {
      float[] velocity = floats(latents, backend);
      FloatBuffer noise = FloatBuffer.allocate(velocity.length);
      GaussianNoise.fill(noise, request.seed(), GaussianNoise.INITIAL_LATENTS);
      for (int i = 0; i < velocity.length; i++) {
        velocity[i] = noise.get(i) - velocity[i];
      }
      return velocity;
    }
  }

  /** Guidance makes the error of a velocity several times that of a forward. */
  @ParameterizedTest
  @CsvSource({"F16, SIXTEEN_BIT, 1.5e-2", "BF16, SIXTEEN_BIT, 4e-2", "BF16, EIGHT_BIT, 0.1"})
  void denoisesAsTheProcessorDoes(
      ActivationType activations, AttentionPrecision attention, double tolerance) {
    float[] expected = latents(onCpu, cpu);

    try (CudaBackend backend = backend(activations, attention, LinearPrecision.SIXTEEN_BIT);
        VideoModel model = VideoModels.load(MODEL, backend)) {
      assertThat(distance(latents(model, backend), expected)).isLessThan(tolerance);
    }
  }

  /** Rounding the same operands to e4m3 on the processor moves these latents by 0.12. */
  @ParameterizedTest
  @CsvSource({"BF16, SIXTEEN_BIT, 0.2", "BF16, EIGHT_BIT, 0.2", "F16, SIXTEEN_BIT, 0.2"})
  void denoisesWithEightBitLayersNearTheProcessorAndTwiceTheSame(
      ActivationType activations, AttentionPrecision attention, double tolerance) {
    float[] expected = latents(onCpu, cpu);

    try (CudaBackend backend = eightBit(activations, attention);
        VideoModel model = VideoModels.load(MODEL, backend)) {
      float[] first = latents(model, backend);

      assertThat(distance(first, expected)).isLessThan(tolerance);
      assertThat(latents(model, backend)).isEqualTo(first);
    }
  }

  private static CudaBackend eightBit(ActivationType activations, AttentionPrecision attention) {
    try {
      return backend(activations, attention, LinearPrecision.EIGHT_BIT);
    } catch (ReelsparkException e) {
      Assumptions.assumeFalse(e.code() == ErrorCode.INVALID_CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  @Test
  void twoRunsGiveTheSameBits() {
    assertThat(latents(onGpu, gpu)).isEqualTo(latents(onGpu, gpu));
  }

  @ParameterizedTest
  @EnumSource(ActivationType.class)
  void goesOnAfterAnyStepWithTheSameBits(ActivationType activations) {
    List<DenoiseState> states = new ArrayList<>();
    DenoiseObserver keeping =
        new DenoiseObserver() {
          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            states.add(state.get());
          }
        };
    try (CudaBackend backend =
            backend(activations, AttentionPrecision.EIGHT_BIT, LinearPrecision.SIXTEEN_BIT);
        VideoModel model = VideoModels.load(MODEL, backend);
        Tensor unbroken = denoise(model, Optional.empty(), keeping)) {
      assertThat(states).hasSize(STEPS);
      for (int stepsDone : new int[] {1, STEPS / 2, STEPS - 1}) {
        try (Tensor resumed =
            denoise(model, Optional.of(states.get(stepsDone - 1)), DenoiseObserver.NONE)) {
          assertThat(floats(resumed, backend)).isEqualTo(floats(unbroken, backend));
        }
      }
    }
  }

  @Test
  void decodesAsTheProcessorDoes() {
    try (Tensor noise = denoise(onCpu);
        Tensor copy = gpu.upload(noise);
        Tensor expected = onCpu.decode(noise);
        Tensor actual = onGpu.decode(copy)) {
      assertThat(actual.shape()).isEqualTo(expected.shape());
      assertThat(signalToNoise(actual.buffer(), expected.buffer())).isGreaterThan(45);
    }
  }

  private static float[] states(VideoModel model, Backend backend) {
    try (TextEmbedding text = model.encodeText("a large red circle moves left slowly")) {
      return floats(text.states(), backend);
    }
  }

  private static float[] latents(VideoModel model, Backend backend) {
    try (Tensor latents = denoise(model)) {
      return floats(latents, backend);
    }
  }

  private static Tensor denoise(VideoModel model) {
    return denoise(model, Optional.empty(), DenoiseObserver.NONE);
  }

  private static Tensor denoise(
      VideoModel model, Optional<DenoiseState> start, DenoiseObserver observer) {
    return denoise(model, request(model, STEPS, Guidance.throughout(5)), start, observer);
  }

  private static DenoiseRequest request(VideoModel model, int steps, Guidance guidance) {
    return new DenoiseRequest(
        model.geometry(128, 128, 33), steps, guidance, 7, AttentionProfile.DENSE);
  }

  private static Tensor denoise(
      VideoModel model,
      DenoiseRequest request,
      Optional<DenoiseState> start,
      DenoiseObserver observer) {
    try (TextEmbedding prompt = model.encodeText("a large red circle moves left slowly");
        TextEmbedding negative = model.encodeText("")) {
      return model.denoise(request, start, prompt, negative, observer).latents();
    }
  }

  private static float[] floats(Tensor tensor, Backend backend) {
    try (Tensor host = Tensor.allocateHost(tensor.dtype(), tensor.shape())) {
      backend.copy(tensor, host);
      return host.toFloats();
    }
  }

  /** Root of the squared differences over that of the squared expected values. */
  private static double distance(float[] actual, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  /** Of the peak, in decibels. */
  private static double signalToNoise(ByteBuffer actual, ByteBuffer expected) {
    double squares = 0;
    for (int i = 0; i < expected.limit(); i++) {
      squares += Math.pow((actual.get(i) & 0xff) - (expected.get(i) & 0xff), 2);
    }
    return 10 * Math.log10(255 * 255 / (squares / expected.limit()));
  }
}
