package org.reelspark.backend.cuda;

import java.util.function.Supplier;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Dense and block-sparse attention: its operands are quantised, packed and pooled, key blocks
 * selected and rows ordered by a few launches, then one kernel attends. Nothing waits: the counts
 * come when they are asked for.
 */
final class CudaAttention implements AutoCloseable {
  /** Dimensions of a head. */
  static final int MOST_DIMENSIONS = 128;

  /** Key blocks have 16-bit numbers. */
  private static final int MOST_KEY_TOKENS = 65536 * AttentionParameters.KEY_BLOCK;

  /** Kernels move 16 bytes at a time. */
  private static final int DIMENSION_UNIT = 8;

  private static final int ALIGNMENT = 16;

  private final CudaStream stream;
  private final AttentionPrecision precision;
  private final AttentionKernels kernels;
  private final Preparation preparation;
  private final CudaMemory memory;
  private final HeadTables headTables;
  private final StatisticsReadback readback;

  CudaAttention(
      CudaStream stream, KernelLibrary library, CudaMemory memory, AttentionPrecision precision) {
    this.stream = stream;
    this.memory = memory;
    this.precision = precision;
    kernels = new AttentionKernels(library);
    preparation = new Preparation(library);
    headTables = new HeadTables(memory);
    readback = new StatisticsReadback(stream);
  }

  Supplier<AttentionStatistics> attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out) {
    AttentionShape shape = check(inputs, out);
    parameters.checkHeads(shape.queryHeads());
    stream.device().makeCurrent();
    if (shape.queryElements() == 0 || shape.keyElements() == 0) {
      clear(out);
      return () -> AttentionStatistics.NONE;
    }
    AttentionCall call =
        new AttentionCall(
            shape,
            parameters,
            kernels.choose(precision, out.dtype(), kernelDimension(shape.headDimension())),
            out.dtype());
    HeadTables.Table heads = headTables.table(parameters.heads());
    try (Tensor workspace = memory.scratch(call.workspace().byteSize())) {
      enqueue(call, heads, workspace, inputs, out);
      return readback.enqueue(
          workspace.address() + call.workspace().counters(), call.admissiblePairs());
    }
  }

  private void enqueue(
      AttentionCall call,
      HeadTables.Table heads,
      Tensor workspace,
      AttentionInputs inputs,
      Tensor out) {
    Tensor result =
        call.widens()
            ? Tensor.view(
                DType.BF16, out.shape(), workspace.memory(), call.workspace().narrowOutput())
            : out;
    call.enqueue(
        stream,
        preparation,
        heads,
        workspace.address(),
        AttentionCall.Views.of(inputs),
        TokenView.of(result, inputs.layout()));
    if (call.widens()) {
      memory.convert(result, out);
    }
  }

  /** The shape of a call that this class's kernels can do. */
  static AttentionShape check(AttentionInputs inputs, Tensor out) {
    AttentionShape shape = shape(inputs, out);
    checkSupported(shape);
    return shape;
  }

  /**
   * @throws ReelsparkException when the kernels cannot attend over such heads or so many keys
   */
  static void checkSupported(AttentionShape shape) {
    if (shape.headDimension() > MOST_DIMENSIONS || shape.headDimension() % DIMENSION_UNIT != 0) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "heads of %d dimensions; the GPU attends over multiples of %d up to %d, use the CPU backend"
              .formatted(shape.headDimension(), DIMENSION_UNIT, MOST_DIMENSIONS));
    }
    if (shape.keyTokens() > MOST_KEY_TOKENS) {
      throw new ReelsparkException(
          ErrorCode.TOKEN_BUDGET_EXCEEDED,
          "%d keys; the GPU attends over at most %d, make a smaller or shorter video"
              .formatted(shape.keyTokens(), MOST_KEY_TOKENS));
    }
  }

  /** The shape of a call whose tensors fit together. */
  static AttentionShape shape(AttentionInputs inputs, Tensor out) {
    Tensor query = inputs.query();
    Tensor key = inputs.key();
    Tensor value = inputs.value();
    Checks.floats(query, key, value, out);
    Checks.sameType(query, key, value, out);
    Checks.sameShape(key, value);
    Checks.sameShape(query, out);
    Checks.disjoint(out, query, key, value);
    Checks.aligned(ALIGNMENT, query, key, value, out);
    TokenView queries = TokenView.of(query, inputs.layout());
    TokenView keys = TokenView.of(key, inputs.layout());
    if (queries.batch() != keys.batch() || queries.dimension() != keys.dimension()) {
      throw new IllegalArgumentException(
          "batch or head dimension differ: %s and %s".formatted(query, key));
    }
    return new AttentionShape(
        queries.batch(),
        queries.heads(),
        keys.heads(),
        queries.tokens(),
        keys.tokens(),
        queries.dimension());
  }

  static int kernelDimension(int headDimension) {
    return headDimension <= 64 ? 64 : MOST_DIMENSIONS;
  }

  /** Queries that see no key give zeros. */
  private void clear(Tensor out) {
    if (out.byteSize() > 0) {
      stream.clear(out.address(), out.byteSize());
    }
  }

  @Override
  public void close() {
    readback.close();
    headTables.close();
  }
}
