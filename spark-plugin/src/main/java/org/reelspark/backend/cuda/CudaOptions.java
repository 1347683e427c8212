package org.reelspark.backend.cuda;

import java.util.Locale;

/**
 * What users choose of the GPU backend.
 *
 * @param memoryMib MiB of GPU memory that the backend reserves; 0 for nine tenths of what is free
 * @param activations type between the operations of a transformer
 * @param attention precision of self-attention over long sequences
 * @param linear precision of a transformer's large linear layers
 */
public record CudaOptions(
    int memoryMib,
    ActivationType activations,
    AttentionPrecision attention,
    LinearPrecision linear) {
  public CudaOptions {
    if (memoryMib < 0) {
      throw new IllegalArgumentException("memory must not be negative, found " + memoryMib);
    }
  }

  /** As {@link org.reelspark.backend.Backend#arithmetic}. */
  String arithmetic() {
    String layers =
        switch (linear) {
          case EIGHT_BIT -> ", linear " + linear;
          // What videos have recorded since before there was a choice.
          case SIXTEEN_BIT -> "";
        };
    return "cuda %s %s%s".formatted(activations, attention, layers).toLowerCase(Locale.ROOT);
  }
}
