package org.reelspark.backend.cpu;

/**
 * Settings of the CPU backend.
 *
 * @param threads threads that work on one operation, at least 1; results do not depend on it
 */
public record CpuOptions(int threads) {
  public CpuOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, found " + threads);
    }
  }

  /** One thread for each processor that this JVM may use. */
  public static CpuOptions allProcessors() {
    return new CpuOptions(Runtime.getRuntime().availableProcessors());
  }
}
