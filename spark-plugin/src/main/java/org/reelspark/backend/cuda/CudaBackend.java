package org.reelspark.backend.cuda;

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
import org.reelspark.backend.StreamAttention;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations on an NVIDIA GPU: matrix products by cuBLASLt, all else by this project's kernels,
 * on one stream. Activations have 16 bits, all sums 32. Nothing waits for the GPU but what needs a
 * value on the host. The same work on the same type of GPU gives the same bits.
 */
public final class CudaBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(CudaBackend.class);

  private static final long MIB = 1L << 20;

  private final OwnedParts parts = new OwnedParts();
  private final CudaDevice device;
  private final String arithmetic;
  private final AttentionPrecision precision;
  private final CudaStream stream;
  private final DeviceArena arena;
  private final CudaMemory memory;
  private final CudaLinear linear;
  private final LinearUpload linearUpload;
  private final CudaNorms norms;
  private final CudaAttention attention;
  private final CudaAttention exactAttention;
  private final StreamAttention streamAttention;
  private final CudaWideAttention wideAttention;
  private final CudaBiasedAttention biasedAttention;
  private final CudaConvolution convolution;
  private final CudaPixels pixels;
  private final CudaTokens tokens;
  private final CudaElementwise elementwise;

  private CudaBackend(CudaDevice device, KernelTable table, CudaOptions options) {
    this.device = device;
    arithmetic = options.arithmetic();
    precision = options.attention();
    MemoryBudget budget = MemoryBudget.of(options.memoryMib(), device.memoryUsage());
    LOG.info("{}: {}", device.name(), budget.explanation());
    try {
      stream = parts.own(new CudaStream(device));
      KernelLibrary kernels = parts.own(new KernelLibrary(device, table));
      KernelLauncher launcher = parts.own(new KernelLauncher(stream, kernels));
      arena = parts.own(DeviceArena.reserve(device, budget.byteSize()));
      CudaConversion conversion = new CudaConversion(launcher);
      memory = parts.own(new CudaMemory(stream, arena, conversion, options.activations()));
      MatrixProducts products = parts.own(new MatrixProducts(stream, memory));
      elementwise = new CudaElementwise(launcher, memory);
      CudaQuantisation quantisation = new CudaQuantisation(launcher, memory);
      linear = new CudaLinear(products, memory, elementwise, quantisation);
      linearUpload = linearUpload(options.linear(), products, quantisation);
      norms = new CudaNorms(launcher);
      attention = parts.own(new CudaAttention(stream, kernels, memory, precision));
      exactAttention =
          parts.own(new CudaAttention(stream, kernels, memory, AttentionPrecision.SIXTEEN_BIT));
      streamAttention = new CudaStreamAttention(device, kernels, precision);
      wideAttention = new CudaWideAttention(launcher, products, memory);
      biasedAttention = new CudaBiasedAttention(stream, kernels);
      convolution = new CudaConvolution(launcher, memory, norms);
      pixels = new CudaPixels(launcher, memory);
      tokens = parts.own(new CudaTokens(launcher, memory));
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  private LinearUpload linearUpload(
      LinearPrecision precision, MatrixProducts products, CudaQuantisation quantisation) {
    if (precision == LinearPrecision.EIGHT_BIT) {
      products.requireEightBit(memory.activationType());
      LOG.info(
          "{}: large linear layers of transformers multiply in 8 bits; their weights take one byte each in place of two",
          device.name());
    }
    return new LinearUpload(memory, quantisation, precision);
  }

  private void closeAfter(Throwable failure) {
    try {
      parts.close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Starts computing on a GPU, which stays its owner's to close.
   *
   * @throws org.reelspark.error.ReelsparkException BACKEND_UNAVAILABLE without kernels in the jar
   *     or without cuBLASLt, OUT_OF_MEMORY when the GPU has less free than the options want,
   *     INVALID_CONFIGURATION when they want 8-bit linear layers and the GPU has none
   */
  public static CudaBackend create(CudaGpu gpu, CudaOptions options) {
    KernelTable table = KernelTable.ofJar();
    CublasLtLibrary.load();
    return new CudaBackend(gpu.device(), table, options);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String arithmetic() {
    return arithmetic;
  }

  @Override
  public String describe() {
    return "cuda: %s %s, compute capability %s, driver for CUDA %s, cuBLASLt %s, %d MiB reserved, %d used"
        .formatted(
            device.name(),
            device.deviceName(),
            device.capability(),
            device.driverVersion(),
            CublasLtLibrary.version(),
            arena.byteSize() / MIB,
            arena.used() / MIB);
  }

  CudaStream stream() {
    return stream;
  }

  /** Attention for libraries that work on this GPU with memory of their own. */
  public StreamAttention streamAttention() {
    return streamAttention;
  }

  /** The most bytes of GPU memory that tensors and workspaces have taken at a time. */
  public long mostMemoryUsed() {
    return arena.mostUsed();
  }

  @Override
  public void close() {
    LOG.info(
        "{}: used at most {} of {} MiB of GPU memory",
        device.name(),
        arena.mostUsed() / MIB,
        arena.byteSize() / MIB);
    // Kernels on streams of other threads come from the modules that are unloaded here.
    try (OwnedParts closed = parts) {
      device.synchronize();
    }
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
  public Tensor allocate(DType dtype, Shape shape) {
    return memory.allocate(dtype, shape);
  }

  @Override
  public Tensor upload(Tensor host, DType dtype) {
    return memory.upload(host, dtype);
  }

  @Override
  public Linear uploadLarge(Tensor weight, Tensor bias, DType resultType) {
    return linearUpload.upload(weight, bias, resultType);
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
  public void linear(Tensor x, List<Linear> layers, List<Tensor> outs) {
    linear.linear(x, layers, outs);
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
    if (inputs.query().columns() > CudaAttention.MOST_DIMENSIONS) {
      AttentionStatistics statistics = wideAttention.attention(inputs, parameters, out);
      return () -> statistics;
    }
    CudaAttention chosen =
        switch (precision.forKeys(inputs.keyTokens())) {
          case EIGHT_BIT -> attention;
          case SIXTEEN_BIT -> exactAttention;
        };
    return chosen.attention(inputs, parameters, out);
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
