package org.reelspark.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
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
  private static final int SCALAR_SCALES = 0;

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
   * @param bias 0 where the product's epilogue has none
   * @param beta 1 adds to what is in out, 0 does not read it
   */
  record Operands(long x, long weight, long bias, long out, float beta) {}

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
            0,
            0,
            operands.out,
            operands.beta,
            workspace.address(),
            WORKSPACE_BYTES,
            stream.address());
    check(status, product);
  }

  private long plan(MatrixProduct product) {
    long[] plan = new long[1];
    int status =
        CublasLt.createPlan(
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
            SCALAR_SCALES,
            WORKSPACE_BYTES,
            plan);
    check(status, product);
    return plan[0];
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
