package org.reelspark.jobs.tuning;

import java.util.List;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.HeadSample;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;

/** Runs the calibration prompts densely, in row-major order, and hands out samples of the heads. */
final class CalibrationRuns {
  /** Takes the heads of one layer at one step; called once for each guidance branch. */
  interface SampleConsumer {
    void accept(int layer, int step, List<HeadSample> heads);
  }

  private final VideoModel model;
  private final TuningPlan plan;
  private final float[] timesteps;

  CalibrationRuns(VideoModel model, TuningPlan plan) {
    this.model = model;
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
              consumer.accept(layer, step, HeadSampler.heads(inputs));
            }
          }
        };
    try (TextEmbedding text = model.encodeText(plan.prompts().get(prompt));
        TextEmbedding negative = model.encodeText("")) {
      model.denoise(request, text, negative, observer).close();
    }
  }
}
