package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The same tensors on the processor and on a GPU, where they may have narrower types. */
final class TwoBackends implements AutoCloseable {
  private static final int MEMORY_MIB = 2048;

  private final CpuBackend cpu = CpuBackend.create(CpuOptions.allProcessors());
  private final CudaGpu device = CudaGpu.open("0");
  private final CudaBackend gpu;
  private final List<Pair> pairs = new ArrayList<>();
  private final Random random = new Random(1);

  TwoBackends(AttentionPrecision attention, LinearPrecision linear) {
    gpu =
        CudaBackend.create(
            device, new CudaOptions(MEMORY_MIB, ActivationType.BF16, attention, linear));
  }

  CudaBackend gpu() {
    return gpu;
  }

  CpuBackend cpu() {
    return cpu;
  }

  /** A tensor on both sides, with the same values unless an operation wrote to it. */
  record Pair(Tensor cpu, Tensor gpu) {
    Tensor of(Backend backend) {
      return backend instanceof CpuBackend ? cpu : gpu;
    }
  }

  /** An operation, given its tensors for one backend. */
  @FunctionalInterface
  interface Operation {
    void run(Backend backend);
  }

  /** Runs it on both. */
  void run(Operation operation) {
    operation.run(cpu);
    operation.run(gpu);
  }

  /** Gaussian values, rounded to the type that the GPU keeps them in. */
  Pair input(DType type, long... sizes) {
    float[] values = new float[Math.toIntExact(Shape.of(sizes).elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return input(type, values, sizes);
  }

  Pair input(DType type, float[] values, long... sizes) {
    Shape shape = Shape.of(sizes);
    float[] rounded = Halves.rounded(type, values);
    try (Tensor host = Tensor.ofFloats(shape, rounded);
        Tensor stored = Halves.tensor(type, shape, rounded)) {
      return pair(cpu.upload(host), gpu.upload(stored, type));
    }
  }

  /** What an operation is to write; it starts as NaN. */
  Pair output(DType type, long... sizes) {
    float[] poison = new float[Math.toIntExact(Shape.of(sizes).elementCount())];
    Arrays.fill(poison, Float.NaN);
    return input(type, poison, sizes);
  }

  private Pair pair(Tensor cpuTensor, Tensor gpuTensor) {
    Pair pair = new Pair(cpuTensor, gpuTensor);
    pairs.add(pair);
    return pair;
  }

  /** The values on the GPU. */
  float[] download(Tensor tensor) {
    try (Tensor host = Tensor.allocateHost(tensor.dtype(), tensor.shape())) {
      gpu.copy(tensor, host);
      return host.toFloats();
    }
  }

  /** Root of the squared differences over that of the squared values of the processor. */
  void assertClose(Pair pair, double tolerance) {
    float[] expected = pair.cpu.toFloats();
    float[] actual = download(pair.gpu);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("element %d", i).isFinite();
      difference += Math.pow(actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(difference / norm)).isLessThan(tolerance);
  }

  /** Frees the tensors. */
  void clear() {
    for (Pair pair : pairs) {
      pair.cpu.close();
      pair.gpu.close();
    }
    pairs.clear();
  }

  @Override
  public void close() {
    clear();
    gpu.close();
    device.close();
    cpu.close();
  }
}
