package org.reelspark.backend.cpu;

import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Attention with an additive bias over a short sequence, one tile for each head. */
final class CpuBiasedAttention {
  private final CpuRuntime runtime;

  CpuBiasedAttention(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  void attention(Tensor query, Tensor key, Tensor value, Tensor bias, float scale, Tensor out) {
    Checks.floats(query, key, value, bias, out);
    Checks.sameShape(query, key);
    Checks.sameShape(query, value);
    Checks.sameShape(query, out);
    Checks.disjoint(out, query);
    Checks.disjoint(out, key);
    Checks.disjoint(out, value);
    Shape shape = query.shape();
    int length = shape.intSize(0);
    int heads = shape.intSize(1);
    int dimension = shape.intSize(2);
    Checks.shape("bias", bias, heads, length, length);
    runtime
        .pool()
        .forEachTile(
            heads,
            (worker, head) -> {
              long scores = worker.scratch().floats((long) length * length);
              Blas.Matrix weights = Blas.Matrix.plain(scores, length);
              Blas.multiply(
                  length,
                  length,
                  dimension,
                  scale,
                  Blas.Matrix.plain(headAddress(query, head), (long) heads * dimension),
                  Blas.Matrix.transposed(headAddress(key, head), (long) heads * dimension),
                  0,
                  weights);
              Tensor headBias = bias.slice(head, head + 1);
              runtime
                  .kernels()
                  .softmax(
                      FloatRows.at(scores, length, length),
                      FloatRows.of(headBias, 0, length),
                      length,
                      length);
              Blas.multiply(
                  length,
                  dimension,
                  length,
                  1,
                  weights,
                  Blas.Matrix.plain(headAddress(value, head), (long) heads * dimension),
                  0,
                  Blas.Matrix.plain(headAddress(out, head), (long) heads * dimension));
            });
  }

  private static long headAddress(Tensor tensor, int head) {
    return tensor.address() + (long) head * tensor.columns() * Float.BYTES;
  }
}
