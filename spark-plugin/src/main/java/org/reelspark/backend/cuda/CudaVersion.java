package org.reelspark.backend.cuda;

/** A version of CUDA, of a driver or of a compiler. */
record CudaVersion(int major, int minor) implements Comparable<CudaVersion> {
  /** As the driver tells it: 13020 is 13.2. */
  static CudaVersion ofDriver(int number) {
    return new CudaVersion(number / 1000, number % 1000 / 10);
  }

  /**
   * Of the form {@code 13.0}, further parts not counting.
   *
   * @throws IllegalArgumentException for other text
   */
  static CudaVersion parse(String text) {
    String[] parts = text.strip().split("\\.", -1);
    if (parts.length < 2) {
      throw new IllegalArgumentException("not a CUDA version: " + text);
    }
    return new CudaVersion(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
  }

  @Override
  public int compareTo(CudaVersion other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
