package org.reelspark.model.wan;

import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.Tensor;

/** How the tokens of a video attend to each other. */
interface SelfAttention {
  /**
   * @param inputs rotary positions applied, tokens in the workspace's order
   * @param out same shape as the query
   */
  void attend(int layer, AttentionInputs inputs, Tensor out);
}
