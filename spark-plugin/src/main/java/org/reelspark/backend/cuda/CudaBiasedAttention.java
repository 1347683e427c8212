package org.reelspark.backend.cuda;

import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Attention with an additive bias over a short sequence: {@code biased_attention.cu}. */
final class CudaBiasedAttention {
  private static final int QUERIES_OF_BLOCK = 16;
  private static final int MOST_DIMENSIONS = 128;

  private final CudaStream stream;
  private final KernelLibrary kernels;

  CudaBiasedAttention(CudaStream stream, KernelLibrary kernels) {
    this.stream = stream;
    this.kernels = kernels;
  }

  void attention(Tensor query, Tensor key, Tensor value, Tensor bias, float scale, Tensor out) {
    Checks.floats(query, key, value, bias, out);
    Checks.sameType(query, key, value, bias, out);
    Checks.sameShape(query, key);
    Checks.sameShape(query, value);
    Checks.sameShape(query, out);
    Checks.disjoint(out, query, key, value, bias);
    Shape shape = query.shape();
    long length = shape.size(0);
    int heads = shape.intSize(1);
    int dimension = shape.intSize(2);
    Checks.shape("bias", bias, heads, length, length);
    if (dimension > MOST_DIMENSIONS) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "heads of %d dimensions; the GPU attends over at most %d, use the CPU backend"
              .formatted(dimension, MOST_DIMENSIONS));
    }
    if (out.elementCount() == 0) {
      return;
    }
    stream.device().makeCurrent();
    kernels
        .kernel(entry(query.dtype()))
        .launch(
            stream,
            new Kernel.Grid(Blocks.of(length, QUERIES_OF_BLOCK), heads, 1),
            LaunchArguments.of(query.address()),
            LaunchArguments.of(key.address()),
            LaunchArguments.of(value.address()),
            LaunchArguments.of(bias.address()),
            LaunchArguments.of(out.address()),
            LaunchArguments.of(length),
            LaunchArguments.of(heads),
            LaunchArguments.of(dimension),
            LaunchArguments.of(scale));
  }

  static String entry(DType dtype) {
    return EntryName.of("biased_attention", dtype);
  }
}
