package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.Grid;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.Goldens;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.schedule.Scheduler;
import org.reelspark.model.schedule.SchedulerConfig;
import org.reelspark.model.text.TextEncoder;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Tensor;

/** Sampler runs of the small golden checkpoint, of 2 layers, with a first-block cache. */
@ExtendWith(NothingStaysAllocated.class)
class CachedRunTest {
  private static final int STEPS = 6;
  private static final float ALWAYS = Float.POSITIVE_INFINITY;

  private static final Checkpoint CHECKPOINT = Checkpoint.open(Goldens.path("wan/checkpoint"));
  private static final Scheduler SCHEDULER =
      SchedulerConfig.read(CHECKPOINT.json("scheduler", "scheduler_config.json"));
  private static final VideoGeometry GEOMETRY =
      new VideoGeometry(48, 32, 9, 4, 3, 8, 12, new Grid(3, 4, 6));

  private final Backend backend = CpuBackend.create(new CpuOptions(2));
  private WanTransformer highNoise;
  private WanTransformer lowNoise;
  private TextEmbedding prompt;
  private TextEmbedding negative;

  @BeforeEach
  void load() {
    highNoise = WanTransformer.load(CHECKPOINT, "transformer", backend);
    lowNoise = WanTransformer.load(CHECKPOINT, "transformer", backend);
    try (TextEncoder encoder = TextEncoder.load(CHECKPOINT, backend)) {
      prompt = encoder.encode("a red square moves right");
      negative = encoder.encode("");
    }
  }

  @AfterEach
  void close() {
    prompt.close();
    negative.close();
    highNoise.close();
    lowNoise.close();
    backend.close();
  }

  /**
   * @param lowNoiseSteps of the second expert, or 0 for one expert alone
   */
  private DenoiseResult run(
      DenoiseRequest request,
      int lowNoiseSteps,
      Optional<DenoiseState> start,
      DenoiseObserver observer) {
    WanExperts experts =
        lowNoiseSteps == 0
            ? new WanExperts(highNoise, null, 0)
            : new WanExperts(
                highNoise, lowNoise, SCHEDULER.schedule(STEPS).timestep(STEPS - lowNoiseSteps - 1));
    WanDenoiser denoiser = new WanDenoiser(experts, SCHEDULER, backend);
    return denoiser.run(
        request,
        start,
        prompt,
        negative,
        denoiser.noise(request.geometry(), request.seed()),
        observer);
  }

  private DenoiseResult run(DenoiseRequest request, DenoiseObserver observer) {
    return run(request, 0, Optional.empty(), observer);
  }

  private static DenoiseRequest request(Guidance guidance, float cacheThreshold) {
    return new DenoiseRequest(GEOMETRY, STEPS, guidance, 1, AttentionProfile.DENSE, cacheThreshold);
  }

  private float[] latents(DenoiseRequest request) {
    try (DenoiseResult result = run(request, DenoiseObserver.NONE)) {
      return result.latents().toFloats();
    }
  }

  @Test
  void thresholdThatNoStepMeetsChangesNoBit() {
    Guidance guidance = Guidance.throughout(4);

    assertThat(latents(request(guidance, Float.MIN_VALUE)))
        .isEqualTo(latents(request(guidance, 0)))
        .isNotEqualTo(latents(request(guidance, ALWAYS)));
  }

  @Test
  void thresholdThatAllStepsMeetComputesTheOtherBlocksOnceForEachPrompt() {
    LayerRecord record = new LayerRecord();

    try (DenoiseResult result = run(request(Guidance.throughout(4), ALWAYS), record)) {
      assertThat(result.cachedRuns()).isEqualTo(2 * (STEPS - 1));
    }
    assertThat(record.stepsOfSecondLayer).containsExactly(0, 0);
    assertThat(record.stepsOfFirstLayer).hasSize(2 * STEPS);
  }

  @Test
  void promptsHaveCachesOfTheirOwn() {
    LayerRecord record = new LayerRecord();

    run(request(new Guidance(4, 0.5f, 1), ALWAYS), record).close();

    assertThat(record.stepsOfSecondLayer).containsExactly(0, 3);
  }

  @Test
  void anotherExpertComputesAnew() {
    LayerRecord record = new LayerRecord();
    DenoiseRequest request = request(Guidance.throughout(1), ALWAYS);

    try (DenoiseResult result = run(request, 2, Optional.empty(), record)) {
      assertThat(result.cachedRuns()).isEqualTo(STEPS - 2);
    }
    assertThat(record.stepsOfSecondLayer).containsExactly(0, 4);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, Infinity, 0",
    "0.5, 1, Infinity, 0",
    "0, 0.5, Infinity, 2",
    "0, 1, 0.3, 0",
    "0.2, 0.8, 0.3, 3",
  })
  void runGoesOnAfterAnyStepWithTheSameBits(
      float guidanceStart, float guidanceEnd, float threshold, int lowNoiseSteps) {
    DenoiseRequest request = request(new Guidance(4, guidanceStart, guidanceEnd), threshold);
    List<DenoiseState> states = new ArrayList<>();

    try (DenoiseResult unbroken = run(request, lowNoiseSteps, Optional.empty(), keeping(states))) {
      assertThat(unbroken.cachedRuns()).isPositive();
      assertThat(states).hasSize(STEPS - 1);
      for (DenoiseState state : states) {
        try (DenoiseResult resumed =
            run(request, lowNoiseSteps, Optional.of(state), DenoiseObserver.NONE)) {
          assertThat(resumed.latents().toFloats())
              .as("after %d steps", state.stepsDone())
              .isEqualTo(unbroken.latents().toFloats());
          assertThat(resumed.cachedRuns()).isEqualTo(unbroken.cachedRuns());
          assertThat(resumed.statistics()).isEqualTo(unbroken.statistics());
        }
      }
    }
  }

  /** An unguided run has one cache, an uncached none. */
  @ParameterizedTest
  @CsvSource({"4, 0", "1, 0.3"})
  void stateOfAnotherRequestIsNotGoneOnWith(float guidanceScale, float threshold) {
    List<DenoiseState> states = new ArrayList<>();
    run(request(Guidance.throughout(4), 0.3f), keeping(states)).close();
    LayerRecord record = new LayerRecord();

    run(
            request(Guidance.throughout(guidanceScale), threshold),
            0,
            Optional.of(states.get(2)),
            record)
        .close();

    assertThat(record.stepsOfFirstLayer).startsWith(0);
  }

  private static DenoiseObserver keeping(List<DenoiseState> states) {
    return new DenoiseObserver() {
      @Override
      public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
        if (stepsDone < steps) {
          states.add(state.get());
        }
      }
    };
  }

  private static final class LayerRecord implements DenoiseObserver {
    private final List<Integer> stepsOfFirstLayer = new ArrayList<>();
    private final List<Integer> stepsOfSecondLayer = new ArrayList<>();

    @Override
    public void afterSelfAttention(
        int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {
      (layer == 0 ? stepsOfFirstLayer : stepsOfSecondLayer).add(step);
    }
  }
}
