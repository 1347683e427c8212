package org.reelspark.backend.cuda;

import java.util.Locale;
import org.reelspark.tensor.DType;

/** Names of entry points, as the kernels' files put them together. */
final class EntryName {
  private EntryName() {}

  /** Such as {@code multiply_f16}. */
  static String of(String operation, DType type) {
    return operation + "_" + of(type);
  }

  /** Such as {@code rms_norm_f32_to_f16}. */
  static String of(String operation, DType from, DType to) {
    return of(operation, from, of(to));
  }

  /** Such as {@code prepare_f32_to_int8_f16}. */
  static String of(String operation, DType from, String to) {
    return of(operation, from) + "_to_" + to;
  }

  /** Such as {@code f16}. */
  static String of(DType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
