package org.reelspark.model.wan;

import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.JsonConfig;

/**
 * The transformers of a model: one, or, in Wan 2.2 A14B, one for high and one for low noise, of
 * equal sizes. Both get the request's guidance scale, as in diffusers without a second one.
 *
 * @param lowNoise null when there is one transformer
 * @param boundary timesteps below it are for low noise
 */
record WanExperts(WanTransformer highNoise, WanTransformer lowNoise, float boundary)
    implements AutoCloseable {

  private static final String HIGH_NOISE = "transformer";
  private static final String LOW_NOISE = "transformer_2";
  private static final int TIMESTEPS = 1000;

  /**
   * Loads {@code transformer} and, where the pipeline has one, {@code transformer_2}.
   *
   * @throws ReelsparkException MODEL_NOT_FOUND, MODEL_UNSUPPORTED, CHECKPOINT_INVALID
   */
  static WanExperts load(Checkpoint checkpoint, Backend backend) {
    if (!checkpoint.hasComponent(LOW_NOISE)) {
      return new WanExperts(WanTransformer.load(checkpoint, HIGH_NOISE, backend), null, 0);
    }
    JsonConfig index = checkpoint.index();
    double boundary = index.positiveNumber("boundary_ratio");
    if (boundary >= 1) {
      throw index.invalid("boundary_ratio", "a number between 0 and 1");
    }
    WanTransformer highNoise = WanTransformer.load(checkpoint, HIGH_NOISE, backend);
    try {
      requireEqualSizes(checkpoint, highNoise.config());
      WanTransformer lowNoise = WanTransformer.load(checkpoint, LOW_NOISE, backend);
      return new WanExperts(highNoise, lowNoise, (float) (boundary * TIMESTEPS));
    } catch (RuntimeException | Error e) {
      highNoise.close();
      throw e;
    }
  }

  private static void requireEqualSizes(Checkpoint checkpoint, WanTransformerConfig expected) {
    JsonConfig file = checkpoint.config(LOW_NOISE);
    WanTransformerConfig found = WanTransformerConfig.read(file);
    if (!found.equals(expected)) {
      throw new ReelsparkException(
          ErrorCode.CHECKPOINT_INVALID,
          "%s: %s; expected the sizes of the other transformer, %s"
              .formatted(file.file(), found, expected));
    }
  }

  WanTransformerConfig config() {
    return highNoise.config();
  }

  WanTransformer at(float timestep) {
    return lowNoise != null && timestep < boundary ? lowNoise : highNoise;
  }

  @Override
  public void close() {
    highNoise.close();
    if (lowNoise != null) {
      lowNoise.close();
    }
  }
}
