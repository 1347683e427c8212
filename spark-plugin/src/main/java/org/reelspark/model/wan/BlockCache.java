package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.tensor.Tensor;

/** Decides at each run of a transformer whether the blocks after the first compute. */
interface BlockCache {
  /** They always do. */
  BlockCache NONE = new BlockCache() {};

  /**
   * @param tokens the residual stream {@code [S, d]}, here and below
   */
  default void beforeFirstBlock(Tensor tokens) {}

  /**
   * Called after the first block.
   *
   * @return whether tokens are now those after the last block, so that no other has to compute
   */
  default boolean addsRest(Tensor tokens) {
    return false;
  }

  /** Called after the last block when they have computed. */
  default void afterLastBlock(Tensor tokens) {}

  /** How often they have not. */
  default int reuses() {
    return 0;
  }

  /** What later runs need of earlier ones; always the same number of arrays. */
  default List<float[]> state() {
    return List.of();
  }

  /** Takes over what another cache of the same request had. */
  default void restore(List<float[]> state) {}
}
