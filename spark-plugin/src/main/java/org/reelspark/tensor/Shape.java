package org.reelspark.tensor;

import java.util.Arrays;

/** Sizes of a dense row-major tensor, slowest dimension first. Immutable. */
public final class Shape {
  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /**
   * @throws IllegalArgumentException when a size is negative or the element count overflows a long
   */
  public static Shape of(long... sizes) {
    long count = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in shape " + Arrays.toString(sizes));
      }
      try {
        count = Math.multiplyExact(count, size);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException("shape too large: " + Arrays.toString(sizes), e);
      }
    }
    return new Shape(sizes.clone());
  }

  public int rank() {
    return sizes.length;
  }

  /** Size of one dimension; a negative index counts from the last dimension. */
  public long size(int dimension) {
    return sizes[dimension < 0 ? sizes.length + dimension : dimension];
  }

  /** Size of one dimension as an int, for loops over host memory. */
  public int intSize(int dimension) {
    return Math.toIntExact(size(dimension));
  }

  public long elementCount() {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    return count;
  }

  public long[] toArray() {
    return sizes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
