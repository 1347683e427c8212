package org.reelspark.backend;

import java.util.function.Supplier;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.tensor.Tensor;

/** Attention. The semantics are those of {@code org.reelspark.attention.ReferenceAttention}. */
public interface AttentionOperations {
  /**
   * Dense or block-sparse attention, as the parameters of each head say.
   *
   * @param out same shape and layout as the query; must not overlap the inputs
   * @return the counts of this call; asking for them waits for a device that is still at work, so
   *     ask when the results are read
   */
  Supplier<AttentionStatistics> attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out);

  /**
   * Dense attention of a short sequence with an additive bias, as T5 has.
   *
   * @param query {@code [L, heads, headDimension]}, key and value alike
   * @param bias {@code [heads, L, L]}, added to {@code scale * q k^T}
   */
  void biasedAttention(
      Tensor query, Tensor key, Tensor value, Tensor bias, float scale, Tensor out);
}
