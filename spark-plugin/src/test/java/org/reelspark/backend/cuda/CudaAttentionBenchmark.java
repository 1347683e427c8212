package org.reelspark.backend.cuda;

import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Times whole attention calls as a model makes them: preparation, selection and attention, from
 * tensors to tensors, on random normal bf16 data.
 */
final class CudaAttentionBenchmark {
  private static final int CALLS_IN_A_ROW = 8;
  private static final int REPEATS = 12;

  private record Model(String name, int batch, int heads, int tokens, int dimension) {
    Shape shape() {
      return Shape.of(batch, tokens, heads, dimension);
    }

    /** Operations of dense attention. */
    double operations() {
      return 4.0 * batch * heads * tokens * tokens * dimension;
    }
  }

  private static final List<Model> MODELS =
      List.of(
          new Model("CogVideoX-2b", 2, 30, 17776, 64),
          new Model("Wan2.1-1.3B", 1, 12, 32760, 128),
          new Model("Mochi", 1, 24, 22256, 128));

  private CudaAttentionBenchmark() {}

  public static void main(String[] arguments) {
    try (Gpu gpu = Gpu.open()) {
      System.out.printf(
          "%s, CUDA %s of the driver%n", gpu.device().name(), gpu.device().driverVersion());
      System.out.println("model         precision    selection  ms/call   TOPS  host us/call");
      for (Model model : MODELS) {
        measure(gpu, model);
      }
      measureTextEncoder(gpu);
    }
  }

  private static void measure(Gpu gpu, Model model) {
    try (Tensor query = random(gpu, model.shape(), 1);
        Tensor key = random(gpu, model.shape(), 2);
        Tensor value = random(gpu, model.shape(), 3);
        Tensor out = gpu.memory().allocate(DType.BF16, model.shape())) {
      AttentionInputs inputs = new AttentionInputs(query, key, value, AttentionLayout.TOKEN_MAJOR);
      for (AttentionPrecision precision : AttentionPrecision.values()) {
        measure(gpu, model, precision, "dense", HeadParameters.DENSE, inputs, out);
        measure(gpu, model, precision, "TopK 0.5", topK(0.5f), inputs, out);
        measure(gpu, model, precision, "TopK 0.2", topK(0.2f), inputs, out);
      }
    }
  }

  private static HeadParameters topK(float fraction) {
    return new HeadParameters(
        new BlockSelection.TopK(fraction),
        HeadParameters.NO_SIMILARITY_GATE,
        HeadParameters.NO_PV_SKIP);
  }

  private static void measure(
      Gpu gpu,
      Model model,
      AttentionPrecision precision,
      String selection,
      HeadParameters head,
      AttentionInputs inputs,
      Tensor out) {
    AttentionParameters parameters =
        AttentionParameters.uniform(
            model.heads(), head, (float) (1 / Math.sqrt(model.dimension())));
    try (CudaAttention attention =
        new CudaAttention(gpu.stream(), gpu.kernels(), gpu.memory(), precision)) {
      Runnable call = () -> attention.attention(inputs, parameters, out);
      print(model.name(), precision.toString(), selection, model.operations(), time(gpu, call));
    }
  }

  /** A layer of UMT5-XXL at 512 tokens. */
  private static void measureTextEncoder(Gpu gpu) {
    Shape shape = Shape.of(512, 64, 64);
    CudaBiasedAttention attention = new CudaBiasedAttention(gpu.stream(), gpu.kernels());
    try (Tensor query = random(gpu, shape, 1);
        Tensor key = random(gpu, shape, 2);
        Tensor value = random(gpu, shape, 3);
        Tensor bias = random(gpu, Shape.of(64, 512, 512), 4);
        Tensor out = gpu.memory().allocate(DType.BF16, shape)) {
      Runnable call = () -> attention.attention(query, key, value, bias, 1, out);
      print("UMT5-XXL", "fp32 sums", "dense", 4.0 * 64 * 512 * 512 * 64, time(gpu, call));
    }
  }

  /** Seconds of a call, and of the launching thread in it. */
  private record Times(double call, double host) {}

  private static Times time(Gpu gpu, Runnable call) {
    double[] seconds = new double[REPEATS];
    double[] hostSeconds = new double[REPEATS];
    call.run();
    gpu.stream().synchronize();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      long start = System.nanoTime();
      for (int i = 0; i < CALLS_IN_A_ROW; i++) {
        call.run();
      }
      hostSeconds[repeat] = (System.nanoTime() - start) * 1e-9 / CALLS_IN_A_ROW;
      gpu.stream().synchronize();
      seconds[repeat] = (System.nanoTime() - start) * 1e-9 / CALLS_IN_A_ROW;
    }
    return new Times(median(seconds), median(hostSeconds));
  }

  private static void print(
      String model, String precision, String selection, double operations, Times times) {
    System.out.printf(
        "%-13s %-12s %-9s %8.3f %6.0f %10.0f%n",
        model,
        precision,
        selection,
        times.call * 1e3,
        operations / times.call * 1e-12,
        times.host * 1e6);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static Tensor random(Gpu gpu, Shape shape, int seed) {
    short[] normal = new short[1 << 16];
    Random gaussian = new Random(seed);
    for (int i = 0; i < normal.length; i++) {
      normal[i] = Halves.bf16((float) gaussian.nextGaussian());
    }
    SplittableRandom random = new SplittableRandom(seed);
    try (Tensor host = Tensor.allocateHost(DType.BF16, shape)) {
      ShortBuffer values = host.buffer().asShortBuffer();
      while (values.hasRemaining()) {
        values.put(normal[random.nextInt() & 0xffff]);
      }
      return gpu.memory().upload(host, DType.BF16);
    }
  }
}
