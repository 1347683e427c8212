package org.reelspark.backend.cuda;

import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.BlockGeometry;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.Masking;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Dense attention of heads that are too wide for the fused kernels, as video autoencoders have one
 * in their middle: scores of one head at a time, their softmax, and the values weighted by it.
 */
final class CudaWideAttention {
  private final KernelLauncher launcher;
  private final MatrixProducts products;
  private final CudaMemory memory;

  CudaWideAttention(KernelLauncher launcher, MatrixProducts products, CudaMemory memory) {
    this.launcher = launcher;
    this.products = products;
    this.memory = memory;
  }

  /**
   * Enqueues attention.
   *
   * @throws ReelsparkException MODEL_UNSUPPORTED when a head is sparse or masked
   */
  AttentionStatistics attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out) {
    AttentionShape shape = CudaAttention.shape(inputs, out);
    parameters.checkHeads(shape.queryHeads());
    requireDense(parameters, shape.headDimension());
    if (shape.keyTokens() == 0) {
      throw new IllegalArgumentException("no keys to attend to: " + inputs.key());
    }
    if (out.elementCount() > 0) {
      enqueue(
          TokenView.of(inputs.query(), inputs.layout()),
          TokenView.of(inputs.key(), inputs.layout()),
          TokenView.of(inputs.value(), inputs.layout()),
          parameters.scale(),
          TokenView.of(out, inputs.layout()));
    }
    BlockGeometry geometry =
        new BlockGeometry(shape.queryTokens(), shape.keyTokens(), parameters.masking());
    long pairs = geometry.admissiblePairs() * shape.batch() * shape.queryHeads();
    return new AttentionStatistics(pairs, pairs, 0);
  }

  private static void requireDense(AttentionParameters parameters, int dimension) {
    boolean dense =
        parameters.heads().stream()
            .allMatch(head -> head.selection() instanceof BlockSelection.Dense);
    if (!dense || parameters.masking() != Masking.BIDIRECTIONAL) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "sparse or causal attention of heads of %d dimensions; the GPU knows it up to %d, use the CPU backend"
              .formatted(dimension, CudaAttention.MOST_DIMENSIONS));
    }
  }

  private void enqueue(
      TokenView query, TokenView key, TokenView value, float scale, TokenView out) {
    Shape shape = Shape.of(query.tokens(), key.tokens());
    try (Tensor scores = memory.allocate(DType.F32, shape);
        Tensor weights = memory.allocate(query.dtype(), shape)) {
      for (int batch = 0; batch < query.batch(); batch++) {
        for (int head = 0; head < query.heads(); head++) {
          int keyHead = head / (query.heads() / key.heads());
          score(query, query.head(batch, head), key, key.head(batch, keyHead), scores);
          softmax(scores, scale, weights);
          weigh(weights, value, value.head(batch, keyHead), out, out.head(batch, head));
        }
      }
    }
  }

  private void score(TokenView query, long queries, TokenView key, long keys, Tensor scores) {
    products.enqueue(
        new MatrixProduct(
            query.tokens(),
            key.tokens(),
            query.dimension(),
            new MatrixProduct.Strides(query.tokenStride(), key.tokenStride(), key.tokens()),
            query.dtype(),
            scores.dtype(),
            MatrixProduct.WeightLayout.OUTPUT_MAJOR,
            MatrixProduct.Epilogue.NONE),
        new MatrixProducts.Operands(queries, keys, 0, scores.address(), 0));
  }

  private void softmax(Tensor scores, float scale, Tensor weights) {
    launcher.forEachRow(
        EntryName.of("softmax", scores.dtype(), weights.dtype()),
        scores.rows(),
        launcher
            .arguments()
            .add(scores.address())
            .add(scores.columns())
            .add(scale)
            .add(weights.address())
            .add(weights.columns())
            .add(scores.rows())
            .add(Math.toIntExact(scores.columns())));
  }

  private void weigh(Tensor weights, TokenView value, long values, TokenView out, long results) {
    products.enqueue(
        new MatrixProduct(
            out.tokens(),
            value.dimension(),
            value.tokens(),
            new MatrixProduct.Strides(weights.columns(), value.tokenStride(), out.tokenStride()),
            value.dtype(),
            out.dtype(),
            MatrixProduct.WeightLayout.INPUT_MAJOR,
            MatrixProduct.Epilogue.NONE),
        new MatrixProducts.Operands(weights.address(), values, 0, results, 0));
  }
}
