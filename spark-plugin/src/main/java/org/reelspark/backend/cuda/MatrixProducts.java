package org.reelspark.backend.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Matrix products by cuBLASLt on one stream, planned once for each shape. The plan is the one that
 * the library's heuristic holds fastest, never one that was timed: the same shape must give the
 * same bits in every process.
 */
final class MatrixProducts implements AutoCloseable {
  /** What NVIDIA advises for Hopper. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  private static final int SUCCESS = 0;
  private static final int ALLOCATION_FAILED = 3;
  private static final int PROBE_SIZE = 256;

  private final CudaStream stream;
  private final long context;
  private final Tensor workspace;

  /**
   * None is forgotten: shapes differ by the lengths of texts, a few hundred tokens at most, and by
   * the sizes of videos, and a plan takes one or two KiB.
   */
  private final Map<MatrixProduct, Long> plans = new HashMap<>();

  /**
   * @throws ReelsparkException BACKEND_UNAVAILABLE without cuBLASLt
   */
  MatrixProducts(CudaStream stream, CudaMemory memory) {
    CublasLtLibrary.load();
    this.stream = stream;
    stream.device().makeCurrent();
    long[] handle = new long[1];
    int status = CublasLt.create(handle);
    if (status != SUCCESS) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "cuBLASLt %s does not start on %s: %s; update the NVIDIA driver or the library"
              .formatted(
                  CublasLtLibrary.version(), stream.device().name(), CublasLt.statusName(status)));
    }
    context = handle[0];
    workspace = memory.scratch(WORKSPACE_BYTES);
  }

  /**
   * Addresses on the device, 16-byte aligned.
   *
   * @param xScales 0 but for 8-bit operands
   * @param weightScales 0 but for 8-bit operands
   * @param bias 0 where the product's epilogue has none
   * @param beta 1 adds to what is in out, 0 does not read it
   */
  record Operands(
      long x, long xScales, long weight, long weightScales, long bias, long out, float beta) {
    /** Of products that need no scales. */
    Operands(long x, long weight, long bias, long out, float beta) {
      this(x, 0, weight, 0, bias, out, beta);
    }
  }

  /**
   * Makes sure that this GPU and its cuBLASLt have the products of 8-bit linear layers.
   *
   * @param results type of what the layers write
   * @throws ReelsparkException INVALID_CONFIGURATION when they have not
   */
  void requireEightBit(DType results) {
    stream.device().makeCurrent();
    for (MatrixProduct.Epilogue epilogue :
        List.of(MatrixProduct.Epilogue.BIAS, MatrixProduct.Epilogue.GELU_BIAS)) {
      long[] plan = new long[1];
      int status = createPlan(eightBitProbe(results, epilogue), plan);
      if (status != SUCCESS) {
        throw new ReelsparkException(
            ErrorCode.INVALID_CONFIGURATION,
            eightBitRefusal(
                results,
                stream.device().name(),
                stream.device().capability(),
                CublasLtLibrary.version(),
                CublasLt.statusName(status)));
      }
      CublasLt.destroyPlan(plan[0]);
    }
  }

  private static MatrixProduct eightBitProbe(DType results, MatrixProduct.Epilogue epilogue) {
    return new MatrixProduct(
        PROBE_SIZE,
        PROBE_SIZE,
        PROBE_SIZE,
        new MatrixProduct.Strides(PROBE_SIZE, PROBE_SIZE, PROBE_SIZE),
        DType.F8_E4M3,
        results,
        MatrixProduct.WeightLayout.OUTPUT_MAJOR,
        epilogue);
  }

  /** What to tell a user who wants 8-bit linear layers where there are none. */
  static String eightBitRefusal(
      DType results, String device, ComputeCapability capability, String library, String status) {
    return "spark.reelspark.gpu.linearPrecision=eight_bit needs matrix products of FP8 with a scale for each row and results of %s, which cuBLASLt %s does not have for %s, compute capability %s (%s); use a GPU of compute capability 9.0 (H100, H200) with cuBLASLt 12.9 or newer, or set it to sixteen_bit"
        .formatted(results, library, device, capability, status);
  }

  /**
   * Enqueues a product.
   *
   * @throws ReelsparkException DEVICE_FAILED when an earlier kernel has broken the GPU's context,
   *     OUT_OF_MEMORY, else INTERNAL
   */
  void enqueue(MatrixProduct product, Operands operands) {
    stream.device().makeCurrent();
    long plan = plans.computeIfAbsent(product, this::plan);
    int status =
        CublasLt.run(
            context,
            plan,
            operands.x,
            operands.weight,
            operands.bias,
            operands.xScales,
            operands.weightScales,
            operands.out,
            operands.beta,
            workspace.address(),
            WORKSPACE_BYTES,
            stream.address());
    check(status, product);
  }

  private long plan(MatrixProduct product) {
    long[] plan = new long[1];
    check(createPlan(product, plan), product);
    return plan[0];
  }

  private int createPlan(MatrixProduct product, long[] plan) {
    return CublasLt.createPlan(
        context,
        product.rows(),
        product.outputs(),
        product.inputs(),
        product.strides().x(),
        product.strides().weight(),
        product.strides().out(),
        MatrixProduct.number(product.operands()),
        MatrixProduct.number(product.results()),
        product.layout().number(),
        product.epilogue().number(),
        product.scaleMode(),
        WORKSPACE_BYTES,
        plan);
  }

  private void check(int status, MatrixProduct product) {
    if (status != SUCCESS) {
      // The error may be an earlier kernel's, which the library cannot name: the driver does.
      stream.synchronize();
      throw new ReelsparkException(
          codeOf(status),
          "cuBLASLt %s gives %s for %s"
              .formatted(CublasLtLibrary.version(), CublasLt.statusName(status), product));
    }
  }

  static ErrorCode codeOf(int status) {
    return status == ALLOCATION_FAILED ? ErrorCode.OUT_OF_MEMORY : ErrorCode.INTERNAL;
  }

  @Override
  public void close() {
    stream.synchronize();
    plans.values().forEach(CublasLt::destroyPlan);
    plans.clear();
    CublasLt.destroy(context);
    workspace.close();
  }
}
