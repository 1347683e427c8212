package org.reelspark.jobs.benchmark;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.backend.cuda.OperationWork;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * What a GPU does at most, measured in the same run: the bound for everything else.
 *
 * @param operations a second of a large matrix product of 16-bit numbers
 * @param bytes a second that a large copy reads and writes
 */
record DeviceRates(double operations, double bytes) {
  private static final int MATRIX_SIZE = 8192;
  private static final long COPY_ELEMENTS = 1L << 28;
  private static final int RUNS = 8;

  /** Tensor cores multiply numbers of 8 bits at twice the rate of those of 16. */
  private static final double EIGHT_BIT_FACTOR = 2;

  /** Bits of the numbers that a matrix product multiplies. */
  enum Operands {
    SIXTEEN_BIT,
    EIGHT_BIT
  }

  static DeviceRates measure(OperationClock clock) {
    Backend backend = clock.timed();
    OperationClock.Spent product = product(backend, clock);
    OperationClock.Spent copy = copy(backend, clock);
    return new DeviceRates(
        product.work().operations() / product.milliseconds() * 1e3,
        copy.work().bytes() / copy.milliseconds() * 1e3);
  }

  /** Milliseconds that the work takes at these rates: the longer of multiplying and of moving. */
  double floor(OperationWork work, Operands operands) {
    double factor =
        switch (operands) {
          case SIXTEEN_BIT -> 1;
          case EIGHT_BIT -> EIGHT_BIT_FACTOR;
        };
    return Math.max(work.operations() / (operations * factor), work.bytes() / bytes) * 1e3;
  }

  private static OperationClock.Spent product(Backend backend, OperationClock clock) {
    Shape shape = Shape.of(MATRIX_SIZE, MATRIX_SIZE);
    try (Tensor host = random(shape);
        Tensor x = backend.upload(host, DType.BF16);
        Linear weight = new Linear(backend.upload(host, DType.BF16), null);
        Tensor out = backend.allocate(DType.BF16, shape)) {
      return measure(clock, "linear", () -> backend.linear(x, weight, Activation.NONE, out));
    }
  }

  private static OperationClock.Spent copy(Backend backend, OperationClock clock) {
    Shape shape = Shape.of(COPY_ELEMENTS);
    try (Tensor from = backend.allocate(DType.BF16, shape);
        Tensor to = backend.allocate(DType.BF16, shape)) {
      return measure(clock, "copy", () -> backend.copy(from, to));
    }
  }

  /** Zeros take less power, and so less time, than what models multiply. */
  private static Tensor random(Shape shape) {
    Tensor tensor = Tensor.allocateHost(DType.F32, shape);
    SplittableRandom random = new SplittableRandom(1);
    FloatBuffer values = tensor.buffer().asFloatBuffer();
    while (values.hasRemaining()) {
      values.put((float) (random.nextDouble() - 0.5));
    }
    return tensor;
  }

  private static OperationClock.Spent measure(
      OperationClock clock, String operation, Runnable task) {
    task.run();
    clock.start();
    IntStream.range(0, RUNS).forEach(run -> task.run());
    return clock.stop().byOperation().get(operation);
  }
}
