package org.reelspark.backend.cpu;

import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.Masking;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.tensor.Tensor;

/** Dense attention, one tile for each block of queries of a head. */
final class CpuAttention {
  private final CpuRuntime runtime;

  CpuAttention(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  AttentionStatistics attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out) {
    Tensor query = inputs.query();
    Tensor key = inputs.key();
    Tensor value = inputs.value();
    Checks.floats(query, key, value, out);
    Checks.sameShape(query, out);
    Checks.sameShape(key, value);
    int tokenAxis = inputs.layout() == AttentionLayout.TOKEN_MAJOR ? 1 : 2;
    int batches = query.shape().intSize(0);
    int queries = query.shape().intSize(tokenAxis);
    int keys = key.shape().intSize(tokenAxis);
    int heads = query.shape().intSize(3 - tokenAxis);
    int keyHeads = key.shape().intSize(3 - tokenAxis);
    int dimension = query.shape().intSize(3);
    int block = AttentionParameters.QUERY_BLOCK;
    int blocks = (queries + block - 1) / block;
    FloatRows zeros = FloatRows.repeated(runtime.constantRow(0, keys));
    runtime
        .pool()
        .forEachTile(
            batches * heads * blocks,
            (worker, tile) -> {
              int batch = tile / blocks / heads;
              int head = tile / blocks % heads;
              int keyHead = head / (heads / keyHeads);
              int from = tile % blocks * block;
              int rows = Math.min(block, queries - from);
              long scores = worker.scratch().floats((long) rows * keys);
              Blas.multiply(
                  rows,
                  keys,
                  dimension,
                  parameters.scale(),
                  matrix(query, inputs.layout(), batch, from, head),
                  transposed(matrix(key, inputs.layout(), batch, 0, keyHead)),
                  0,
                  Blas.Matrix.plain(scores, keys));
              FloatRows weights = FloatRows.at(scores, rows, keys);
              if (parameters.masking() == Masking.CAUSAL) {
                maskFuture(weights, rows, keys, from + keys - queries);
              }
              runtime.kernels().softmax(weights, zeros, rows, keys);
              Blas.multiply(
                  rows,
                  dimension,
                  keys,
                  1,
                  Blas.Matrix.plain(scores, keys),
                  matrix(value, inputs.layout(), batch, 0, keyHead),
                  0,
                  matrix(out, inputs.layout(), batch, from, head));
            });
    long pairs =
        (long) batches
            * heads
            * blocks
            * ((keys + AttentionParameters.KEY_BLOCK - 1) / AttentionParameters.KEY_BLOCK);
    return new AttentionStatistics(pairs, pairs, 0);
  }

  private static void maskFuture(FloatRows scores, int rows, int keys, int lastKeyOfFirstRow) {
    for (int row = 0; row < rows; row++) {
      for (int k = Math.max(0, lastKeyOfFirstRow + row + 1); k < keys; k++) {
        scores.put(row, k, Float.NEGATIVE_INFINITY);
      }
    }
  }

  private static Blas.Matrix transposed(Blas.Matrix matrix) {
    return Blas.Matrix.transposed(matrix.address(), matrix.stride());
  }

  /** The tokens of one head, from a token on. */
  private static Blas.Matrix matrix(
      Tensor tensor, AttentionLayout layout, long batch, long token, long head) {
    long first = tensor.shape().size(1);
    long second = tensor.shape().size(2);
    long dimension = tensor.shape().size(3);
    if (layout == AttentionLayout.TOKEN_MAJOR) {
      long row = (batch * first + token) * second + head;
      return Blas.Matrix.plain(
          tensor.address() + row * dimension * Float.BYTES, second * dimension);
    }
    long row = (batch * first + head) * second + token;
    return Blas.Matrix.plain(tensor.address() + row * dimension * Float.BYTES, dimension);
  }
}
