package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import java.util.Random;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Reproducible test data. */
final class RandomTensors {
  private final Random random;

  RandomTensors(long seed) {
    random = new Random(seed);
  }

  /** Values of a standard normal distribution; the caller closes the tensor. */
  Tensor normal(long... sizes) {
    Tensor tensor = Tensor.allocateHost(DType.F32, Shape.of(sizes));
    FloatBuffer values = tensor.buffer().asFloatBuffer();
    while (values.hasRemaining()) {
      values.put((float) random.nextGaussian());
    }
    return tensor;
  }
}
