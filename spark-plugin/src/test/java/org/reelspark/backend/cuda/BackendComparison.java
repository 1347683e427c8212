package org.reelspark.backend.cuda;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.reelspark.tensor.DType;

/** Tests of operations on a GPU against the processor's, on the same values. */
@NeedsGpu
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BackendComparison {
  /** Relative, of results in a type, from rounding them and what they are made of. */
  static double tolerance(DType type) {
    return switch (type) {
      case BF16 -> 4e-3;
      case F16 -> 6e-4;
      case F32 -> 1e-5;
      case F8_E4M3, I32, U8 -> throw new IllegalArgumentException("no floats: " + type);
    };
  }

  TwoBackends both;

  @BeforeAll
  void open() {
    both = new TwoBackends(AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT);
  }

  @AfterEach
  void clear() {
    both.clear();
  }

  @AfterAll
  void close() {
    both.close();
  }
}
