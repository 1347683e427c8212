package org.reelspark.backend.cpu;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;

import java.util.Arrays;
import org.reelspark.attention.BlockGeometry;
import org.reelspark.attention.BlockPooling;
import org.reelspark.attention.PooledBlocks;

/**
 * One key head as the kernel reads it: keys by rows, values transposed block by block. Reused from
 * call to call.
 */
final class PackedHead {
  private BlockGeometry geometry;
  private int dimension;
  private float[] keys = {};
  private float[] values = {};
  private PooledBlocks pooledKeys;
  private float[] meanKey;

  /** Makes room for a head of the given sizes. */
  void prepare(BlockGeometry headGeometry, int headDimension) {
    geometry = headGeometry;
    dimension = headDimension;
    int keyFloats = geometry.keyBlocks() * KEY_BLOCK * dimension;
    if (keys.length < keyFloats) {
      keys = new float[keyFloats];
    }
    int valueFloats = geometry.keyBlocks() * KEY_BLOCK * paddedRows(dimension);
    if (values.length < valueFloats) {
      values = new float[valueFloats];
    }
    pooledKeys = PooledBlocks.allocate(geometry.keyBlocks(), dimension);
  }

  /** Rows that a product has for a number of rows asked for. */
  static int paddedRows(int rows) {
    int step = AttentionKernel.ROW_STEP;
    return (rows + step - 1) / step * step;
  }

  /** Floats that a head takes when packed. */
  static long floats(BlockGeometry geometry, int dimension) {
    return (long) geometry.keyBlocks() * KEY_BLOCK * (dimension + paddedRows(dimension));
  }

  /**
   * Packs one block.
   *
   * @param scratch room for a block's rows
   */
  void pack(HeadRows key, HeadRows value, int batch, int head, int block, float[] scratch) {
    int first = block * KEY_BLOCK;
    int count = geometry.keysIn(block);
    key.read(batch, head, first, count, keys, keyOffset(block));
    // Rows that fill up the last step of a product must be numbers, although nobody reads theirs.
    Arrays.fill(keys, (first + count) * dimension, (first + paddedRows(count)) * dimension, 0);
    value.read(batch, head, first, count, scratch, 0);
    int offset = valueOffset(block);
    for (int token = 0; token < count; token++) {
      for (int i = 0; i < dimension; i++) {
        values[offset + i * KEY_BLOCK + token] = scratch[token * dimension + i];
      }
    }
    Arrays.fill(
        values, offset + dimension * KEY_BLOCK, offset + paddedRows(dimension) * KEY_BLOCK, 0);
  }

  void computeMeanKey() {
    meanKey = BlockPooling.meanToken(keys, geometry.keyTokens(), dimension);
  }

  void pool(int block) {
    BlockPooling.pool(keys, keyOffset(block), geometry.keysIn(block), meanKey, pooledKeys, block);
  }

  PooledBlocks pooledKeys() {
    return pooledKeys;
  }

  float[] keys() {
    return keys;
  }

  int keyOffset(int block) {
    return block * KEY_BLOCK * dimension;
  }

  /** Blocks {@code [paddedRows(dimension), KEY_BLOCK]}. */
  float[] values() {
    return values;
  }

  int valueOffset(int block) {
    return block * paddedRows(dimension) * KEY_BLOCK;
  }
}
