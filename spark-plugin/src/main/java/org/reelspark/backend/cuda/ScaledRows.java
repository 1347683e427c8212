package org.reelspark.backend.cuda;

import org.reelspark.tensor.Tensor;

/**
 * A matrix as products read it: row r is {@code scales[r] * values[r]}.
 *
 * @param scales F32, one for each row of F8_E4M3 values; null for other types
 */
record ScaledRows(Tensor values, Tensor scales) implements AutoCloseable {
  @Override
  public void close() {
    values.close();
    if (scales != null) {
      scales.close();
    }
  }
}
