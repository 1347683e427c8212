package org.reelspark.model.checkpoint;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param offset of the first byte, from the start of the file
 */
record TensorEntry(String name, DType dtype, Shape shape, long offset) {
  long byteSize() {
    return shape.elementCount() * dtype.bytes();
  }

  long end() {
    return offset + byteSize();
  }
}
