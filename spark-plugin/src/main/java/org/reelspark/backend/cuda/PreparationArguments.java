package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.attention.AttentionSink;
import org.reelspark.attention.Masking;

/**
 * The parameter of the preparation kernels: {@code PreparationArguments} of {@code preparation.h},
 * which says what the fields mean, in its order. Addresses may be 0 where it says null.
 *
 * @param operands where the packed operands go
 */
record PreparationArguments(
    Inputs inputs,
    AttentionArguments.Operands operands,
    Selection selection,
    long scratch,
    Sizes sizes) {
  static final int BYTES = 272;

  record Inputs(
      TokenView queries,
      TokenView keys,
      TokenView values,
      long queryOrder,
      long keyOrder,
      long heads) {}

  record Selection(long logSumExpShift, long ids, long counts, long rowOrder, long statistics) {}

  record Sizes(
      long queryTokens,
      long keyTokens,
      long keptKeyTokens,
      int batch,
      int queryHeads,
      int keyHeads,
      int headDimension,
      int headsPerGroup,
      Masking masking,
      AttentionSink sink,
      float softmaxScale) {}

  /** The structure's bytes. */
  ByteBuffer pack() {
    ByteBuffer bytes = LaunchArguments.structure(BYTES);
    bytes.putLong(inputs.queries.address());
    bytes.putLong(inputs.keys.address());
    bytes.putLong(inputs.values.address());
    bytes.putLong(inputs.queryOrder).putLong(inputs.keyOrder).putLong(inputs.heads);
    operands.put(bytes);
    bytes.putLong(selection.logSumExpShift);
    bytes.putLong(selection.ids).putLong(selection.counts).putLong(selection.rowOrder);
    bytes.putLong(selection.statistics).putLong(scratch);
    inputs.queries.putStrides(bytes);
    inputs.keys.putStrides(bytes);
    inputs.values.putStrides(bytes);
    bytes.putLong(sizes.queryTokens).putLong(sizes.keyTokens).putLong(sizes.keptKeyTokens);
    bytes.putInt(sizes.batch).putInt(sizes.queryHeads).putInt(sizes.keyHeads);
    bytes.putInt(sizes.headDimension).putInt(sizes.headsPerGroup);
    bytes.putInt(AttentionArguments.number(sizes.masking)).putInt(number(sizes.sink));
    bytes.putFloat(sizes.softmaxScale);
    return bytes.flip();
  }

  private static int number(AttentionSink sink) {
    return switch (sink) {
      case NONE -> 0;
      case FIRST_BLOCK -> 1;
    };
  }
}
