package org.reelspark.backend.cuda;

/** How work is cut into blocks of one size. */
final class Blocks {
  private Blocks() {}

  /** Blocks that hold so many things, the last one perhaps in part. */
  static long of(long count, long blockSize) {
    return (count + blockSize - 1) / blockSize;
  }
}
