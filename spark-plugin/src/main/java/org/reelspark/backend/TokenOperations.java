package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/** Gathers between latents and tokens. */
public interface TokenOperations {
  /** {@code out[i] = table[indices[i]]}, rows of the first dimension. */
  void gather(Tensor table, int[] indices, Tensor out);

  /**
   * Cuts latents into patches in token order.
   *
   * @param latents {@code [C, F, H, W]}
   * @param patch sizes (frames, height, width) that divide F, H and W
   * @param order {@code order[i]} is the row-major patch index of token i; not to be changed later,
   *     because a backend may keep its values
   * @param out {@code [tokens, C * pt * ph * pw]}, columns in the order (C, pt, ph, pw)
   */
  void patchify(Tensor latents, int[] patch, int[] order, Tensor out);

  /**
   * The inverse for the transformer's output.
   *
   * @param tokens {@code [tokens, pt * ph * pw * C]}, C fastest
   * @param order as for {@link #patchify}
   * @param out {@code [C, F, H, W]}
   */
  void unpatchify(Tensor tokens, int[] patch, int[] order, Tensor out);

  /** {@code [C, F, H, W]} to {@code [F, H, W, C]}, with {@code x * std[c] + mean[c]}. */
  void latentsToVideo(Tensor latents, float[] std, float[] mean, Tensor out);
}
