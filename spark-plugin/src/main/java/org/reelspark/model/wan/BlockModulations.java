package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.tensor.Tensor;

/** What the timestep contributes to every block: shift, scale and gate of two residual branches. */
interface BlockModulations {
  /**
   * Vectors of a block: shift, scale and gate of self-attention, then of the feed-forward layers.
   */
  int VECTORS = 6;

  /**
   * Takes a step's embedding.
   *
   * @param activated {@code [d]}, or {@code [tokens, d]} with a timestep for each token
   */
  void update(Tensor activated);

  /** The six vectors of a block, of the embedding's shape; valid until the next call. */
  List<Tensor> block(int layer);
}
