package org.reelspark.spark.rapids;

import java.io.Serializable;
import java.util.Map;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.backend.StreamAttention;
import org.reelspark.tensor.Shape;
import scala.Function5;

/** {@code sparse_attention} of a row's values, and what evaluating it over columns shares. */
public interface SparseAttention
    extends Function5<Object, Object, Object, Object, Object, Object>, Serializable {
  /** The attention that a row asks for, in the layout token by token and head by head. */
  record Call(AttentionShape shape, AttentionParameters parameters) {
    /** {@code [1, tokens, heads, dimension]} of the queries, and of the result. */
    public Shape queryShape() {
      return Shape.of(
          shape.batch(), shape.queryTokens(), shape.queryHeads(), shape.headDimension());
    }

    /** The same of the keys, and of the values. */
    public Shape keyShape() {
      return Shape.of(shape.batch(), shape.keyTokens(), shape.keyHeads(), shape.headDimension());
    }
  }

  /**
   * Checks the arguments of a row.
   *
   * @param queryValues how many floats {@code q} has; keyValues and valueValues likewise
   * @throws org.reelspark.error.ReelsparkException INVALID_OPTION
   */
  Call call(
      int queryValues,
      int keyValues,
      int valueValues,
      int headDimension,
      Map<String, String> options);

  /**
   * Attention on the GPU of the executor that calls.
   *
   * @throws org.reelspark.error.ReelsparkException BACKEND_UNAVAILABLE where there is none
   */
  StreamAttention streamAttention();
}
