package org.reelspark.jobs.benchmark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;

/**
 * Times sampler steps and the stages around them on a GPU, each once plain and once by operation.
 */
final class StepTimer {
  private static final String PROMPT = "a red square moves right";
  private static final int WARM_UP_STEPS = 2;
  private static final long SEED = 7;

  private final VideoModel model;
  private final VideoGeometry geometry;
  private final int steps;
  private final OperationClock clock;

  /**
   * One setting.
   *
   * @param text seconds for the prompt and the negative prompt
   * @param step median seconds of a step
   * @param decode seconds
   * @param steps of which {@code operations} are the times
   * @param sparsity fraction of matrix products of self-attention that was skipped
   */
  record Measurement(
      VideoGeometry geometry,
      double text,
      double step,
      double decode,
      int steps,
      OperationClock.Times operations,
      OperationClock.Times decoding,
      double sparsity) {}

  StepTimer(VideoModel model, VideoGeometry geometry, int steps, OperationClock clock) {
    this.model = model;
    this.geometry = geometry;
    this.steps = steps;
    this.clock = clock;
  }

  /** Plans matrix products, loads kernels, compiles Java. */
  void warmUp() {
    try (TextEmbedding prompt = model.encodeText(PROMPT);
        TextEmbedding negative = model.encodeText("");
        DenoiseResult result =
            model.denoise(
                request(AttentionProfile.DENSE, WARM_UP_STEPS),
                prompt,
                negative,
                DenoiseObserver.NONE)) {
      model.decode(result.latents()).close();
    }
  }

  Measurement time(AttentionProfile profile) {
    long start = System.nanoTime();
    try (TextEmbedding prompt = model.encodeText(PROMPT);
        TextEmbedding negative = model.encodeText("")) {
      double text = secondsSince(start);
      StepWatch watch = new StepWatch();
      try (DenoiseResult result = model.denoise(request(profile, steps), prompt, negative, watch)) {
        watch.finish();
        long denoised = System.nanoTime();
        try (Tensor pictures = model.decode(result.latents())) {
          double decode = secondsSince(denoised);
          return new Measurement(
              geometry,
              text,
              watch.median(),
              decode,
              steps,
              denoiseByOperation(profile, prompt, negative),
              decodeByOperation(result.latents()),
              result.statistics().sparsity());
        }
      }
    }
  }

  private OperationClock.Times denoiseByOperation(
      AttentionProfile profile, TextEmbedding prompt, TextEmbedding negative) {
    clock.start();
    model.denoise(request(profile, steps), prompt, negative, DenoiseObserver.NONE).close();
    return clock.stop();
  }

  private OperationClock.Times decodeByOperation(Tensor latents) {
    clock.start();
    model.decode(latents).close();
    return clock.stop();
  }

  private DenoiseRequest request(AttentionProfile profile, int count) {
    Guidance guidance = Guidance.throughout(model.description().defaults().guidanceScale());
    return new DenoiseRequest(geometry, count, guidance, SEED, profile);
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Every step ends with a look at the latents, so that its end is that of the GPU's work. */
  private static final class StepWatch implements DenoiseObserver {
    private final List<Long> starts = new ArrayList<>();

    @Override
    public void beforeStep(int step, int count) {
      starts.add(System.nanoTime());
    }

    void finish() {
      starts.add(System.nanoTime());
    }

    double median() {
      List<Double> seconds = new ArrayList<>();
      for (int i = 1; i < starts.size(); i++) {
        seconds.add((starts.get(i) - starts.get(i - 1)) / 1e9);
      }
      Collections.sort(seconds);
      return seconds.get(seconds.size() / 2);
    }
  }
}
