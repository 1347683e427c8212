package org.reelspark.model.wan;

/**
 * The transformers of a model: one, or, in Wan 2.2 A14B, one for high and one for low noise, of
 * equal sizes.
 *
 * @param lowNoise null when there is one transformer
 * @param boundary timesteps below it are for low noise
 */
record WanExperts(WanTransformer highNoise, WanTransformer lowNoise, float boundary)
    implements AutoCloseable {

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
