package org.reelspark.jobs.benchmark;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.backend.cpu.BlasPeak;
import org.reelspark.jobs.benchmark.Interleaved.Task;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Operations of the sample model at their real shapes, on random data. */
final class OperationTasks implements AutoCloseable {
  private static final int TOKENS = 4352;
  private static final int HEADS = 4;
  private static final int HEAD_DIMENSION = 64;
  private static final int WIDTH = HEADS * HEAD_DIMENSION;
  private static final int YARDSTICK = 2048;
  private static final float EPSILON = 1e-6f;

  private final Backend backend;
  private final BlasPeak peak;
  private final List<Tensor> tensors = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(0);

  /**
   * @param threads of the backend, which OpenBLAS alone gets too
   */
  OperationTasks(Backend backend, int threads) {
    this.backend = backend;
    this.peak = new BlasPeak(YARDSTICK, threads);
  }

  /** Linear layers, bias and activation included, after {@link #yardstick}. */
  List<Task> matrixProducts() {
    return List.of(
        yardstick(),
        product("attention projection, 4352 x 256 x 256", TOKENS, WIDTH, WIDTH, Activation.NONE),
        product(
            "query, key, value at once, 4352 x 256 x 768",
            TOKENS,
            WIDTH,
            3 * WIDTH,
            Activation.NONE),
        product(
            "feed-forward up with GELU, 4352 x 256 x 1024",
            TOKENS,
            WIDTH,
            4 * WIDTH,
            Activation.GELU_TANH),
        product("feed-forward down, 4352 x 1024 x 256", TOKENS, 4 * WIDTH, WIDTH, Activation.NONE));
  }

  /** A large square product by OpenBLAS alone: this machine's sgemm rate. */
  private Task yardstick() {
    return new Task(
        "OpenBLAS alone, %1$d x %1$d x %1$d".formatted(YARDSTICK),
        peak.operations(),
        peak::multiply);
  }

  /** What a transformer block does to its tokens besides products, after a copy; in bytes moved. */
  List<Task> tokenOperations() {
    Tensor x = random(TOKENS, WIDTH);
    Tensor row = random(WIDTH);
    Tensor out = random(TOKENS, WIDTH);
    RotaryTable rotary =
        new RotaryTable(random(TOKENS, HEAD_DIMENSION / 2), random(TOKENS, HEAD_DIMENSION / 2));
    return List.of(
        onTokens("copy", () -> backend.copy(x, out)),
        onTokens(
            "layer norm, modulated", () -> backend.layerNormModulate(x, row, row, EPSILON, out)),
        onTokens(
            "RMS norm, rotary positions",
            () -> backend.rmsNormRotary(x, row, EPSILON, rotary, out)),
        onTokens("GELU", () -> backend.activate(x, Activation.GELU_TANH, out)));
  }

  private static Task onTokens(String name, Runnable run) {
    return new Task(name, 2.0 * TOKENS * WIDTH * Float.BYTES, run);
  }

  /** Causal 3 x 3 x 3 convolutions of the decoder's levels, after the same yardstick. */
  List<Task> convolutions() {
    return List.of(
        yardstick(),
        convolution(17, 16, 64, 64),
        convolution(17, 32, 64, 64),
        convolution(16, 64, 32, 32),
        convolution(16, 128, 16, 16));
  }

  /** Dense attention first, then sparse with half and with 70% of the key blocks skipped. */
  List<Task> attentions() {
    Tensor query = random(1, TOKENS, HEADS, HEAD_DIMENSION);
    Tensor key = random(1, TOKENS, HEADS, HEAD_DIMENSION);
    Tensor value = random(1, TOKENS, HEADS, HEAD_DIMENSION);
    Tensor out = random(1, TOKENS, HEADS, HEAD_DIMENSION);
    AttentionInputs inputs = new AttentionInputs(query, key, value, AttentionLayout.TOKEN_MAJOR);
    return List.of(
        attention("dense", HeadParameters.DENSE, inputs, out),
        attention("sparse, 50% skipped", topK(0.5f), inputs, out),
        attention("sparse, 70% skipped", topK(0.3f), inputs, out));
  }

  private static HeadParameters topK(float fraction) {
    return new HeadParameters(new BlockSelection.TopK(fraction), -1, Float.POSITIVE_INFINITY);
  }

  private Task attention(String name, HeadParameters head, AttentionInputs inputs, Tensor out) {
    AttentionParameters parameters =
        AttentionParameters.uniform(HEADS, head, (float) (1 / Math.sqrt(HEAD_DIMENSION)));
    return new Task(
        name, 4.0 * TOKENS * TOKENS * WIDTH, () -> backend.attention(inputs, parameters, out));
  }

  private Task product(String name, int rows, int inputs, int outputs, Activation activation) {
    Tensor x = random(rows, inputs);
    Linear linear = new Linear(random(outputs, inputs), random(outputs));
    Tensor out = random(rows, outputs);
    return new Task(
        name, 2.0 * rows * inputs * outputs, () -> backend.linear(x, linear, activation, out));
  }

  private Task convolution(int frames, int side, int inputs, int outputs) {
    Tensor x = random(frames, side, side, inputs);
    Convolution convolution = new Convolution(random(outputs, 3, 3, 3, inputs), random(outputs));
    Tensor out = random(frames, side, side, outputs);
    return new Task(
        "%d frames of %d x %d, %d to %d channels".formatted(frames, side, side, inputs, outputs),
        2.0 * 27 * frames * side * side * inputs * outputs,
        () -> backend.convolve(x, convolution, null, null, out));
  }

  private Tensor random(long... sizes) {
    Tensor tensor = Tensor.allocateHost(DType.F32, Shape.of(sizes));
    FloatBuffer values = tensor.buffer().asFloatBuffer();
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, (float) random.nextGaussian());
    }
    tensors.add(tensor);
    return tensor;
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
    peak.close();
  }
}
