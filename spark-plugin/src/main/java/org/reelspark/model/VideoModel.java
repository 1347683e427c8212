package org.reelspark.model;

import java.util.Optional;
import org.reelspark.tensor.Tensor;

/**
 * A loaded text-to-video model on one backend. Its three stages may run for different requests one
 * after the other; one thread at a time.
 */
public interface VideoModel extends AutoCloseable {
  ModelDescription description();

  /** What its backend computes with: see {@link org.reelspark.backend.Backend#arithmetic}. */
  String arithmetic();

  /**
   * The request's token count and latent shape.
   *
   * @throws org.reelspark.error.ReelsparkException INVALID_SIZE when the model cannot make this
   *     size, naming the value and the nearest valid ones
   */
  VideoGeometry geometry(int width, int height, int frames);

  /**
   * Cleans, tokenizes and encodes a prompt.
   *
   * @throws org.reelspark.error.ReelsparkException INVALID_PROMPT
   */
  TextEmbedding encodeText(String prompt);

  /** Runs the sampler from noise. */
  default DenoiseResult denoise(
      DenoiseRequest request,
      TextEmbedding prompt,
      TextEmbedding negative,
      DenoiseObserver observer) {
    return denoise(request, Optional.empty(), prompt, negative, observer);
  }

  /**
   * Runs the sampler from noise, or from where an earlier run of the same request was left; the
   * result is the same.
   *
   * @param start not used when it is not one of such a run, or its arithmetic is another than the
   *     model's backend has
   * @param negative embedding of the negative prompt; unused, and may be null, when guidance is off
   *     in all steps
   * @return latents {@code [C, F, H, W]} F32, normalised, with the statistics of all steps; the
   *     caller closes them
   * @throws org.reelspark.error.ReelsparkException LATENTS_NOT_FINITE, or what the observer throws
   */
  DenoiseResult denoise(
      DenoiseRequest request,
      Optional<DenoiseState> start,
      TextEmbedding prompt,
      TextEmbedding negative,
      DenoiseObserver observer);

  /**
   * Decodes latents to pixels.
   *
   * @return U8 {@code [frames, height, width, 3]} in host memory; the caller closes it
   * @throws org.reelspark.error.ReelsparkException PIXELS_NOT_FINITE, OUT_OF_MEMORY
   */
  Tensor decode(Tensor latents);

  @Override
  void close();
}
