package org.reelspark.backend.cpu;

/** One worker's arrays on the heap, kept from call to call. */
final class ConvolutionBuffers {
  private float[] padded = new float[0];
  private float[] sums = new float[0];
  private float[] row = new float[0];
  private float[] otherRow = new float[0];

  /** Padded input frames of a tile. */
  float[] padded(int length) {
    if (padded.length < length) {
      padded = new float[length];
    }
    return padded;
  }

  /** Sums of a tile. */
  float[] sums(int length) {
    if (sums.length < length) {
      sums = new float[length];
    }
    return sums;
  }

  /** One row of a tile. */
  float[] row(int length) {
    if (row.length < length) {
      row = new float[length];
    }
    return row;
  }

  /** One more row of a tile. */
  float[] otherRow(int length) {
    if (otherRow.length < length) {
      otherRow = new float[length];
    }
    return otherRow;
  }
}
