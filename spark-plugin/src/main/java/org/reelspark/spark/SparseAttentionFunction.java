package org.reelspark.spark;

import java.io.Serializable;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import scala.collection.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction5;

/** The body of {@code sparse_attention}. */
final class SparseAttentionFunction
    extends AbstractFunction5<Object, Object, Object, Object, Object, Object>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final ReelsparkConf conf;

  SparseAttentionFunction(ReelsparkConf conf) {
    this.conf = conf;
  }

  /**
   * @param query, key, value Scala sequences of Float, token by token and head by head
   * @param headDimension an Integer
   * @param options a Scala map of Strings, or null for none
   * @return the output in the layout of the query, or null when an argument but the options is null
   */
  @Override
  public Object apply(
      Object query, Object key, Object value, Object headDimension, Object options) {
    if (query == null || key == null || value == null || headDimension == null) {
      return null;
    }
    SparseAttentionOptions parsed = SparseAttentionOptions.parse(ScalaValues.options(options));
    return ExecutorRuntime.instance()
        .withBackend(
            conf,
            TaskCancellation.current(),
            backend -> attention(backend, query, key, value, (Integer) headDimension, parsed));
  }

  private static float[] attention(
      Backend backend,
      Object query,
      Object key,
      Object value,
      int headDimension,
      SparseAttentionOptions options) {
    AttentionParameters parameters = options.parameters(headDimension);
    try (Tensor queryTensor = tensor("q", query, options.heads(), headDimension);
        Tensor keyTensor = tensor("k", key, options.keyHeads(), headDimension);
        Tensor valueTensor = tensor("v", value, options.keyHeads(), headDimension);
        Tensor out = Tensor.allocateHost(DType.F32, queryTensor.shape())) {
      if (!keyTensor.shape().equals(valueTensor.shape())) {
        throw invalid(
            "k and v must have the same length, found %d and %d values"
                .formatted(keyTensor.elementCount(), valueTensor.elementCount()));
      }
      backend.attention(
          new AttentionInputs(queryTensor, keyTensor, valueTensor, AttentionLayout.TOKEN_MAJOR),
          parameters,
          out);
      return out.toFloats();
    }
  }

  /** {@code [1, tokens, heads, headDimension]}. */
  private static Tensor tensor(String name, Object values, int heads, int headDimension) {
    float[] floats = floats(name, (Seq<?>) values);
    int rowLength = heads * headDimension;
    if (headDimension < 1 || floats.length == 0 || floats.length % rowLength != 0) {
      throw invalid(
          "%s must hold tokens of %d heads x %d values, found %d values"
              .formatted(name, heads, headDimension, floats.length));
    }
    return Tensor.ofFloats(Shape.of(1, floats.length / rowLength, heads, headDimension), floats);
  }

  private static float[] floats(String name, Seq<?> values) {
    float[] floats = new float[values.size()];
    int index = 0;
    for (Object value : CollectionConverters.asJava(values)) {
      if (value == null) {
        throw invalid("%s has a null at place %d".formatted(name, index));
      }
      floats[index++] = (Float) value;
    }
    return floats;
  }

  private static ReelsparkException invalid(String message) {
    return new ReelsparkException(ErrorCode.INVALID_OPTION, "sparse_attention: " + message);
  }
}
