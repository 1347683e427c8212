package org.reelspark.jobs.tuning;

import java.util.function.Supplier;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;

/** Runs the calibration prompts densely, in row-major order, and hands out samples of the heads. */
final class CalibrationRuns {
  /** What is done with the samples of a run. */
  interface SampleConsumer {
    /** Takes the heads of one layer at one step; called once for each guidance branch. */
    void accept(int layer, int step, SampledAttention attention);

    /** All layers of a step have been handed out. */
    void stepDone(int step);
  }

  private final VideoModel model;
  private final Backend backend;
  private final TuningPlan plan;
  private final float[] timesteps;

  /**
   * @param backend that the model runs on
   */
  CalibrationRuns(VideoModel model, Backend backend, TuningPlan plan) {
    this.model = model;
    this.backend = backend;
    this.plan = plan;
    this.timesteps = new float[plan.steps()];
  }

  /** Timestep of each step, once a prompt has run. */
  float[] timesteps() {
    return timesteps.clone();
  }

  void run(int prompt, SampleConsumer consumer) {
    DenoiseRequest request =
        new DenoiseRequest(
            plan.geometry(),
            plan.steps(),
            Guidance.throughout(plan.guidanceScale()),
            prompt,
            AttentionProfile.DENSE);
    DenoiseObserver observer =
        new DenoiseObserver() {
          @Override
          public void afterSelfAttention(
              int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {
            timesteps[step] = timestep;
            if (plan.samples(step)) {
              try (SampledAttention attention = new SampledAttention(inputs, backend)) {
                consumer.accept(layer, step, attention);
              }
            }
          }

          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            if (plan.samples(stepsDone - 1)) {
              consumer.stepDone(stepsDone - 1);
            }
          }
        };
    try (TextEmbedding text = model.encodeText(plan.prompts().get(prompt));
        TextEmbedding negative = model.encodeText("")) {
      model.denoise(request, text, negative, observer).close();
    }
  }
}
