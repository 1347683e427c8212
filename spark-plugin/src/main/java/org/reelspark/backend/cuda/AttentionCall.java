package org.reelspark.backend.cuda;

import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.BlockGeometry;
import org.reelspark.attention.BlockSelection;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.DType;

/** One attention call: where its data lies and what it launches. */
final class AttentionCall {
  private static final double LOG2_E = 1 / Math.log(2);

  private final AttentionShape shape;
  private final AttentionParameters parameters;
  private final AttentionKernels.Choice choice;
  private final PreparationSize size;
  private final Preparation.Extent extent;
  private final AttentionWorkspace workspace;
  private final boolean widens;

  /**
   * @param type of the tensors
   */
  AttentionCall(
      AttentionShape shape,
      AttentionParameters parameters,
      AttentionKernels.Choice choice,
      DType type) {
    this.shape = shape;
    this.parameters = parameters;
    this.choice = choice;
    size = PreparationSize.of(shape, choice.kernelDimension());
    extent =
        selects(parameters)
            ? Preparation.Extent.OPERANDS_AND_SELECTION
            : Preparation.Extent.OPERANDS;
    widens = AttentionKernels.outputType(type) != type;
    long narrowOutputBytes = widens ? shape.queryElements() * Short.BYTES : 0;
    workspace = AttentionWorkspace.of(size, choice.operands(), extent, narrowOutputBytes);
  }

  private static boolean selects(AttentionParameters parameters) {
    return parameters.heads().stream()
        .anyMatch(head -> !(head.selection() instanceof BlockSelection.Dense));
  }

  AttentionWorkspace workspace() {
    return workspace;
  }

  /** Whether the kernel writes 16-bit results for 32-bit tensors. */
  boolean widens() {
    return widens;
  }

  /** Pairs of blocks that masking allows, of all heads and batch items. */
  long admissiblePairs() {
    BlockGeometry geometry =
        new BlockGeometry(shape.queryTokens(), shape.keyTokens(), parameters.masking());
    return geometry.admissiblePairs() * shape.batch() * shape.queryHeads();
  }

  /**
   * Enqueues preparation and attention.
   *
   * @param base address of the workspace
   * @param output in a type that the kernel writes
   */
  void enqueue(
      CudaStream stream,
      Preparation preparation,
      HeadTables.Table heads,
      long base,
      Views inputs,
      TokenView output) {
    AttentionArguments.Operands operands = operands(base);
    preparation.enqueue(
        stream,
        inputs.queries.dtype(),
        choice.operands(),
        size,
        extent,
        preparationArguments(stream, heads, base, inputs, operands));
    long counters = base + workspace.counters();
    stream.clear(counters, AttentionWorkspace.COUNTER_BYTES);
    AttentionArguments arguments =
        new AttentionArguments(
            operands,
            selection(base),
            new AttentionArguments.Results(output, 0, 0, 0, counters, heads.pvThresholds()),
            new AttentionArguments.Sizes(
                shape.queryTokens(),
                shape.keyTokens(),
                shape.batch(),
                shape.queryHeads(),
                shape.keyHeads(),
                shape.headDimension(),
                parameters.masking()),
            (float) (parameters.scale() * LOG2_E));
    long blocks = choice.family().blocks(size.rows(), choice.kernel().residentBlocks());
    choice.kernel().launch(stream, Kernel.Grid.of(blocks), arguments.pack());
  }

  /** Queries, keys and values of a call. */
  record Views(TokenView queries, TokenView keys, TokenView values) {
    static Views of(AttentionInputs inputs) {
      return new Views(
          TokenView.of(inputs.query(), inputs.layout()),
          TokenView.of(inputs.key(), inputs.layout()),
          TokenView.of(inputs.value(), inputs.layout()));
    }
  }

  private AttentionArguments.Operands operands(long base) {
    boolean scaled = choice.operands().isScaled();
    return new AttentionArguments.Operands(
        base + workspace.queries(),
        base + workspace.keys(),
        base + workspace.values(),
        scaled ? base + workspace.queryScales() : 0,
        scaled ? base + workspace.keyScales() : 0,
        scaled ? base + workspace.valueScales() : 0);
  }

  private AttentionArguments.Selection selection(long base) {
    long nextRow = base + workspace.counters() + StatisticsReadback.BYTES;
    return switch (extent) {
      case OPERANDS -> AttentionArguments.Selection.everything(nextRow);
      case OPERANDS_AND_SELECTION ->
          new AttentionArguments.Selection(
              base + workspace.ids(),
              base + workspace.counts(),
              base + workspace.rowOrder(),
              nextRow);
    };
  }

  private PreparationArguments preparationArguments(
      CudaStream stream,
      HeadTables.Table heads,
      long base,
      Views inputs,
      AttentionArguments.Operands operands) {
    return new PreparationArguments(
        new PreparationArguments.Inputs(
            inputs.queries, inputs.keys, inputs.values, 0, 0, heads.selections()),
        operands,
        new PreparationArguments.Selection(
            0, base + workspace.ids(), base + workspace.counts(), base + workspace.rowOrder(), 0),
        base + workspace.scratch(),
        new PreparationArguments.Sizes(
            shape.queryTokens(),
            shape.keyTokens(),
            parameters.keptKeyTokens(),
            shape.batch(),
            shape.queryHeads(),
            shape.keyHeads(),
            shape.headDimension(),
            headsPerGroup(stream.device().cacheBytes()),
            parameters.masking(),
            parameters.sink(),
            parameters.scale()));
  }

  /** As many query heads as read keys and values that fit the cache together; a divisor of all. */
  private int headsPerGroup(long cacheBytes) {
    OperandFormat format = choice.operands();
    long keyHeadBytes =
        (long) shape.keyTokens()
            * size.kernelDimension()
            * (format.queryBytes() + format.valueBytes());
    int heads = shape.queryHeads();
    int ratio = heads / shape.keyHeads();
    int group = heads;
    while (group > 1
        && (heads % group != 0 || Blocks.of(group, ratio) * keyHeadBytes > cacheBytes)) {
      group--;
    }
    return group;
  }
}
