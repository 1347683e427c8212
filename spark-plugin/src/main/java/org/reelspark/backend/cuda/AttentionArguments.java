package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.attention.Masking;

/**
 * The parameter of every attention kernel: {@code AttentionArguments} of {@code
 * attention_arguments.h}, which says what the fields mean, in its order. Addresses may be 0 where
 * it says null.
 */
record AttentionArguments(
    Operands operands, Selection selection, Results results, Sizes sizes, float scoreScale) {
  static final int BYTES = 192;

  record Operands(
      long queries, long keys, long values, long queryScales, long keyScales, long valueScales) {
    /** Appends the addresses as the kernels' structures have them. */
    void put(ByteBuffer structure) {
      structure.putLong(queries).putLong(keys).putLong(values);
      structure.putLong(queryScales).putLong(keyScales).putLong(valueScales);
    }
  }

  record Selection(long ids, long counts, long rowOrder, long nextRow) {
    /** Every block that masking admits, rows in ascending order. */
    static Selection everything(long nextRow) {
      return new Selection(0, 0, 0, nextRow);
    }
  }

  record Results(
      TokenView output,
      long outputTokens,
      long logSumExp,
      long logSumExpShift,
      long statistics,
      long pvThresholds) {}

  record Sizes(
      long queryTokens,
      long keyTokens,
      int batch,
      int queryHeads,
      int keyHeads,
      int headDimension,
      Masking masking) {}

  /** The structure's bytes. */
  ByteBuffer pack() {
    ByteBuffer bytes = LaunchArguments.structure(BYTES);
    operands.put(bytes);
    bytes.putLong(selection.ids).putLong(selection.counts);
    bytes.putLong(selection.rowOrder).putLong(selection.nextRow);
    bytes.putLong(results.output.address()).putLong(results.outputTokens);
    bytes.putLong(results.logSumExp).putLong(results.logSumExpShift);
    bytes.putLong(results.statistics).putLong(results.pvThresholds);
    results.output.putStrides(bytes);
    bytes.putLong(sizes.queryTokens).putLong(sizes.keyTokens);
    bytes.putInt(sizes.batch).putInt(sizes.queryHeads).putInt(sizes.keyHeads);
    bytes.putInt(sizes.headDimension).putInt(number(sizes.masking)).putFloat(scoreScale);
    return bytes.flip();
  }

  /** As the kernels number it. */
  static int number(Masking masking) {
    return switch (masking) {
      case BIDIRECTIONAL -> 0;
      case CAUSAL -> 1;
    };
  }
}
