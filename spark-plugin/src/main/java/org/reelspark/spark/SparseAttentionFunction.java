package org.reelspark.spark;

import java.util.Map;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.StreamAttention;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.spark.rapids.SparseAttention;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import scala.collection.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction5;

/** The body of {@code sparse_attention}. */
final class SparseAttentionFunction
    extends AbstractFunction5<Object, Object, Object, Object, Object, Object>
    implements SparseAttention {
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
    Seq<?> queries = (Seq<?>) query;
    Seq<?> keys = (Seq<?>) key;
    Seq<?> values = (Seq<?>) value;
    Call call =
        call(
            queries.size(),
            keys.size(),
            values.size(),
            (Integer) headDimension,
            ScalaValues.options(options));
    try (Tensor q = tensor("q", queries, call.queryShape());
        Tensor k = tensor("k", keys, call.keyShape());
        Tensor v = tensor("v", values, call.keyShape())) {
      AttentionInputs inputs = new AttentionInputs(q, k, v, AttentionLayout.TOKEN_MAJOR);
      return ExecutorRuntime.instance()
          .withBackend(
              conf,
              TaskCancellation.current(),
              backend -> attend(backend, inputs, call.parameters()));
    }
  }

  @Override
  public Call call(
      int queryValues,
      int keyValues,
      int valueValues,
      int headDimension,
      Map<String, String> options) {
    if (headDimension < 1) {
      throw invalid("head_dimension must be positive, found " + headDimension);
    }
    SparseAttentionOptions parsed = SparseAttentionOptions.parse(options);
    int queryTokens = tokens("q", queryValues, parsed.heads(), headDimension);
    int keyTokens = tokens("k", keyValues, parsed.keyHeads(), headDimension);
    int valueTokens = tokens("v", valueValues, parsed.keyHeads(), headDimension);
    if (keyTokens != valueTokens) {
      throw invalid(
          "k and v must have the same length, found %d and %d values"
              .formatted(keyValues, valueValues));
    }
    return new Call(
        new AttentionShape(
            1, parsed.heads(), parsed.keyHeads(), queryTokens, keyTokens, headDimension),
        parsed.parameters(headDimension));
  }

  @Override
  public StreamAttention streamAttention() {
    return ExecutorRuntime.instance().streamAttention(conf);
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

  private static int tokens(String name, int values, int heads, int headDimension) {
    int tokenLength = Math.multiplyExact(heads, headDimension);
    if (values == 0 || values % tokenLength != 0) {
      throw invalid(
          "%s must hold tokens of %d heads x %d values, found %d values"
              .formatted(name, heads, headDimension, values));
    }
    return values / tokenLength;
  }

  private static Tensor tensor(String name, Seq<?> values, Shape shape) {
    return Tensor.ofFloats(shape, floats(name, values));
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
