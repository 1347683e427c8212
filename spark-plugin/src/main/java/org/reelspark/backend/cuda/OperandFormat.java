package org.reelspark.backend.cuda;

/** Types of the operands of an attention kernel, in the layouts of {@code attention_layout.h}. */
enum OperandFormat {
  INT8_E4M3("int8_e4m3", 1, 1),
  INT8_F16("int8_f16", 1, 2),
  BF16("bf16", 2, 2),
  F16("f16", 2, 2);

  private final String entryPart;
  private final int queryBytes;
  private final int valueBytes;

  OperandFormat(String entryPart, int queryBytes, int valueBytes) {
    this.entryPart = entryPart;
    this.queryBytes = queryBytes;
    this.valueBytes = valueBytes;
  }

  /** As the names of kernels have it. */
  String entryPart() {
    return entryPart;
  }

  /** Bytes of a number of queries and keys. */
  int queryBytes() {
    return queryBytes;
  }

  /** Bytes of a number of values. */
  int valueBytes() {
    return valueBytes;
  }

  /** Whether queries, keys and values have scales. */
  boolean isScaled() {
    return switch (this) {
      case INT8_E4M3, INT8_F16 -> true;
      case BF16, F16 -> false;
    };
  }
}
