package org.reelspark.spark;

import java.io.Serializable;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
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
   * @param query Scala sequence of Float, token by token and head by head; key and value alike
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
    int dimension = (Integer) headDimension;
    if (dimension < 1) {
      throw invalid("head_dimension must be positive, found " + dimension);
    }
    SparseAttentionOptions parsed = SparseAttentionOptions.parse(ScalaValues.options(options));
    try (Tensor queries = tensor("q", (Seq<?>) query, parsed.heads(), dimension);
        Tensor keys = tensor("k", (Seq<?>) key, parsed.keyHeads(), dimension);
        Tensor values = tensor("v", (Seq<?>) value, parsed.keyHeads(), dimension)) {
      if (!keys.shape().equals(values.shape())) {
        throw invalid(
            "k and v must have the same length, found %d and %d values"
                .formatted(keys.elementCount(), values.elementCount()));
      }
      AttentionInputs inputs =
          new AttentionInputs(queries, keys, values, AttentionLayout.TOKEN_MAJOR);
      AttentionParameters parameters = parsed.parameters(dimension);
      return ExecutorRuntime.instance()
          .withBackend(
              conf, TaskCancellation.current(), backend -> attend(backend, inputs, parameters));
    }
  }

  private static float[] attend(
      Backend backend, AttentionInputs inputs, AttentionParameters parameters) {
    try (Tensor query = onDevice(backend, inputs.query());
        Tensor key = onDevice(backend, inputs.key());
        Tensor value = onDevice(backend, inputs.value());
        Tensor out = backend.allocate(inputs.query().shape().toArray());
        Tensor hostOut = Tensor.allocateHost(out.dtype(), out.shape())) {
      backend.attention(new AttentionInputs(query, key, value, inputs.layout()), parameters, out);
      backend.copy(out, hostOut);
      return hostOut.toFloats();
    }
  }

  private static Tensor onDevice(Backend backend, Tensor host) {
    Tensor device = backend.allocate(host.shape().toArray());
    backend.copy(host, device);
    return device;
  }

  /** {@code [1, tokens, heads, headDimension]} in host memory. */
  private static Tensor tensor(String name, Seq<?> values, int heads, int headDimension) {
    int count = values.size();
    int tokenLength = Math.multiplyExact(heads, headDimension);
    if (count == 0 || count % tokenLength != 0) {
      throw invalid(
          "%s must hold tokens of %d heads x %d values, found %d values"
              .formatted(name, heads, headDimension, count));
    }
    return Tensor.ofFloats(
        Shape.of(1, count / tokenLength, heads, headDimension), floats(name, values));
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
