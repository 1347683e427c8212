package org.reelspark.backend.cpu;

import java.util.List;
import java.util.function.Supplier;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The operations on the processor, in 32-bit floats: OpenBLAS, vector instructions, all cores. */
public final class CpuBackend implements Backend {
  private final CpuRuntime runtime;
  private final CpuMemory memory;
  private final CpuLinear linear;
  private final CpuNorms norms;
  private final CpuAttention attention;
  private final CpuBiasedAttention biasedAttention;
  private final CpuConvolution convolution;
  private final CpuPixels pixels;
  private final CpuTokens tokens;
  private final CpuElementwise elementwise;

  private CpuBackend(CpuRuntime runtime) {
    this.runtime = runtime;
    memory = new CpuMemory(runtime);
    linear = new CpuLinear(runtime);
    norms = new CpuNorms(runtime);
    attention = new CpuAttention(runtime.pool(), AttentionKernel.fastest());
    biasedAttention = new CpuBiasedAttention(runtime);
    convolution = new CpuConvolution(runtime);
    pixels = new CpuPixels(runtime);
    tokens = new CpuTokens(runtime);
    elementwise = new CpuElementwise(runtime);
  }

  /**
   * @throws org.reelspark.error.ReelsparkException BACKEND_UNAVAILABLE when OpenBLAS cannot be
   *     loaded on this platform
   */
  public static CpuBackend create(CpuOptions options) {
    Blas.load();
    return new CpuBackend(new CpuRuntime(options.threads(), kernels()));
  }

  private static RowKernels kernels() {
    return VectorSupport.available() ? new VectorKernels() : new ScalarKernels();
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String arithmetic() {
    return "cpu f32";
  }

  @Override
  public String describe() {
    return "cpu: %d threads, %s, %s"
        .formatted(runtime.pool().threads(), Blas.version(), VectorSupport.describe());
  }

  @Override
  public void close() {
    runtime.close();
  }

  @Override
  public Tensor allocate(DType dtype, Shape shape) {
    return memory.allocate(dtype, shape);
  }

  @Override
  public DType activationType() {
    return memory.activationType();
  }

  @Override
  public DType textType() {
    return memory.textType();
  }

  @Override
  public DType pixelType() {
    return memory.pixelType();
  }

  @Override
  public Tensor upload(Tensor host, DType dtype) {
    return memory.upload(host, dtype);
  }

  @Override
  public void copy(Tensor source, Tensor destination) {
    memory.copy(source, destination);
  }

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    linear.linear(x, weights, activation, out);
  }

  @Override
  public void linearAdd(Tensor x, Linear weights, Tensor gate, Tensor residual) {
    linear.linearAdd(x, weights, gate, residual);
  }

  @Override
  public void layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor out) {
    norms.layerNorm(x, weight, bias, epsilon, out);
  }

  @Override
  public void layerNormModulate(Tensor x, Tensor shift, Tensor scale, float epsilon, Tensor out) {
    norms.layerNormModulate(x, shift, scale, epsilon, out);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    norms.rmsNorm(x, weight, epsilon, out);
  }

  @Override
  public void rmsNormRotary(
      Tensor x, Tensor weight, float epsilon, RotaryTable rotary, Tensor out) {
    norms.rmsNormRotary(x, weight, epsilon, rotary, out);
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    norms.channelNorm(x, gamma, activation, out);
  }

  @Override
  public Supplier<AttentionStatistics> attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out) {
    AttentionStatistics statistics = attention.attention(inputs, parameters, out);
    return () -> statistics;
  }

  @Override
  public void biasedAttention(
      Tensor query, Tensor key, Tensor value, Tensor bias, float scale, Tensor out) {
    biasedAttention.attention(query, key, value, bias, scale, out);
  }

  @Override
  public void convolve(Tensor x, Convolution weights, Tensor history, Tensor residual, Tensor out) {
    convolution.convolve(x, weights, history, residual, out);
  }

  @Override
  public void upsampleConvolve(Tensor x, Convolution weights, Tensor out) {
    convolution.upsampleConvolve(x, weights, out);
  }

  @Override
  public void interleaveFrames(Tensor x, Tensor out) {
    pixels.interleaveFrames(x, out);
  }

  @Override
  public void duplicateUpsampleAdd(Tensor x, int frameFactor, int droppedFrames, Tensor out) {
    pixels.duplicateUpsampleAdd(x, frameFactor, droppedFrames, out);
  }

  @Override
  public void unpatchifyPixels(Tensor x, int patch, Tensor out) {
    pixels.unpatchifyPixels(x, patch, out);
  }

  @Override
  public void toRgb(Tensor x, Tensor out) {
    pixels.toRgb(x, out);
  }

  @Override
  public void gather(Tensor table, int[] indices, Tensor out) {
    tokens.gather(table, indices, out);
  }

  @Override
  public void patchify(Tensor latents, int[] patch, int[] order, Tensor out) {
    tokens.patchify(latents, patch, order, out);
  }

  @Override
  public void unpatchify(Tensor tokenRows, int[] patch, int[] order, Tensor out) {
    tokens.unpatchify(tokenRows, patch, order, out);
  }

  @Override
  public void latentsToVideo(Tensor latents, float[] std, float[] mean, Tensor out) {
    tokens.latentsToVideo(latents, std, mean, out);
  }

  @Override
  public void combine(float[] coefficients, List<Tensor> inputs, Tensor out) {
    elementwise.combine(coefficients, inputs, out);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    elementwise.multiply(a, b, out);
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    elementwise.activate(x, activation, out);
  }

  @Override
  public void addRow(Tensor x, Tensor row, Tensor out) {
    elementwise.addRow(x, row, out);
  }

  @Override
  public boolean isFinite(Tensor x) {
    return elementwise.isFinite(x);
  }
}
