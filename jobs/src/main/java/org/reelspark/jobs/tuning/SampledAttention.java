package org.reelspark.jobs.tuning;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.attention.HeadSample;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/**
 * What the heads of the first batch element of an attention call were given, whatever the type and
 * the memory of its tensors. Valid during the call only.
 */
final class SampledAttention implements AutoCloseable {
  private final List<Tensor> copies = new ArrayList<>();
  private final AttentionLayout layout;
  private final Tensor query;
  private final Tensor key;
  private final Tensor value;

  /**
   * @param backend whose memory the tensors lie in
   */
  SampledAttention(AttentionInputs inputs, Backend backend) {
    layout = inputs.layout();
    try {
      query = onHost(inputs.query(), backend);
      key = onHost(inputs.key(), backend);
      value = onHost(inputs.value(), backend);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Tensor onHost(Tensor tensor, Backend backend) {
    if (tensor.space() == MemorySpace.HOST) {
      return tensor;
    }
    Tensor copy = Tensor.allocateHost(tensor.dtype(), tensor.shape());
    copies.add(copy);
    backend.copy(tensor, copy);
    return copy;
  }

  int heads() {
    return heads(query);
  }

  private int heads(Tensor tensor) {
    return tensor.shape().intSize(layout == AttentionLayout.TOKEN_MAJOR ? 2 : 1);
  }

  int tokens() {
    return query.shape().intSize(layout == AttentionLayout.TOKEN_MAJOR ? 1 : 2);
  }

  /** A copy of one head's rows. May be called by several threads. */
  HeadSample head(int head) {
    int keyHead = head / (heads() / heads(key));
    int dimension = query.shape().intSize(3);
    return new HeadSample(
        rows(query, head),
        rows(key, keyHead),
        rows(value, keyHead),
        tokens(),
        dimension,
        (float) (1 / Math.sqrt(dimension)));
  }

  private float[] rows(Tensor tensor, int head) {
    int dimension = tensor.shape().intSize(3);
    int tokens = tokens();
    float[] rows = new float[tokens * dimension];
    switch (layout) {
      case TOKEN_MAJOR -> {
        long stride = (long) heads(tensor) * dimension;
        for (int token = 0; token < tokens; token++) {
          long from = token * stride + (long) head * dimension;
          tensor.copyFloats(from, rows, token * dimension, dimension);
        }
      }
      case HEAD_MAJOR -> tensor.copyFloats((long) head * rows.length, rows, 0, rows.length);
    }
    return rows;
  }

  @Override
  public void close() {
    copies.forEach(Tensor::close);
  }
}
