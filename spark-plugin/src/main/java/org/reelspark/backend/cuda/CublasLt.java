package org.reelspark.backend.cuda;

/**
 * The native methods of {@code native/shim}: matrix products by cuBLASLt, which is opened at run
 * time. Every method calls one function and returns its status, 0 for success; handles go out
 * through arrays of one element. Numbers for types and the like are those of {@code
 * cublaslt_types.h} and {@code matmul.h}. A plan may be used by one thread at a time.
 */
final class CublasLt {
  private CublasLt() {}

  /** Opens the library; null when it is there, else what is wrong. To be called first. */
  static native String open();

  /** For instance 130401 for 13.4.1. */
  static native long version();

  /** Name of a status, such as {@code CUBLAS_STATUS_NOT_SUPPORTED}. */
  static native String statusName(int status);

  /** Makes a handle in the context that is current in this thread. */
  static native int create(long[] context);

  static native int destroy(long context);

  /**
   * Finds the algorithm that the heuristic holds fastest for {@code out = epilogue(x weight^T +
   * beta * out)} of one shape; the epilogue adds the bias first. Strides are in elements, between
   * rows.
   *
   * @param operands type of x and weight
   * @param results type of out and bias
   * @param layout 0 for weights {@code [outputs, inputs]}, 1 for {@code [inputs, outputs]}
   * @param scaleMode of 8-bit operands
   */
  static native int createPlan(
      long context,
      long rows,
      long outputs,
      long inputs,
      long xStride,
      long weightStride,
      long outStride,
      int operands,
      int results,
      int layout,
      int epilogue,
      int scaleMode,
      long workspaceBytes,
      long[] plan);

  static native void destroyPlan(long plan);

  /** Enqueues the product. Addresses are on the device, 16-byte aligned, 0 for what is not used. */
  static native int run(
      long context,
      long plan,
      long x,
      long weight,
      long bias,
      long xScale,
      long weightScale,
      long out,
      float beta,
      long workspace,
      long workspaceBytes,
      long stream);
}
