package org.reelspark.backend.cuda;

import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.Tensor;

/** Tensors of one attention call on a GPU; the output starts as NaN. */
record AttentionTensors(AttentionInputs inputs, Tensor out) implements AutoCloseable {
  @Override
  public void close() {
    inputs.query().close();
    inputs.key().close();
    inputs.value().close();
    out.close();
  }
}
