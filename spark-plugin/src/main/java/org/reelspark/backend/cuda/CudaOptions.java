package org.reelspark.backend.cuda;

import java.util.Locale;

/**
 * What users choose of the GPU backend.
 *
 * @param memoryMib MiB of GPU memory that the backend reserves; 0 for nine tenths of what is free
 * @param activations type between the operations of a transformer
 * @param precision of self-attention over long sequences
 */
public record CudaOptions(int memoryMib, ActivationType activations, AttentionPrecision precision) {
  public CudaOptions {
    if (memoryMib < 0) {
      throw new IllegalArgumentException("memory must not be negative, found " + memoryMib);
    }
  }

  /** As {@link org.reelspark.backend.Backend#arithmetic}. */
  String arithmetic() {
    return "cuda %s %s".formatted(activations, precision).toLowerCase(Locale.ROOT);
  }
}
