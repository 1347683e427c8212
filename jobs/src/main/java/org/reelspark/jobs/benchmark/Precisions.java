package org.reelspark.jobs.benchmark;

import org.reelspark.backend.cuda.AttentionPrecision;
import org.reelspark.backend.cuda.LinearPrecision;

/** In what the GPU benchmark has a transformer multiply, one after the other. */
enum Precisions {
  SIXTEEN_BIT(AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT, "16-bit"),
  EIGHT_BIT_ATTENTION(AttentionPrecision.EIGHT_BIT, LinearPrecision.SIXTEEN_BIT, "8-bit"),
  EIGHT_BIT(AttentionPrecision.EIGHT_BIT, LinearPrecision.EIGHT_BIT, "8-bit, linear layers 8-bit");

  private final AttentionPrecision attention;
  private final LinearPrecision linear;
  private final String title;

  Precisions(AttentionPrecision attention, LinearPrecision linear, String title) {
    this.attention = attention;
    this.linear = linear;
    this.title = title;
  }

  AttentionPrecision attention() {
    return attention;
  }

  LinearPrecision linear() {
    return linear;
  }

  /** For headings. */
  String title() {
    return title;
  }

  /** What self-attention over so many tokens multiplies. */
  DeviceRates.Operands attentionOperands(long tokens) {
    return switch (attention.forKeys(tokens)) {
      case SIXTEEN_BIT -> DeviceRates.Operands.SIXTEEN_BIT;
      case EIGHT_BIT -> DeviceRates.Operands.EIGHT_BIT;
    };
  }

  /** What nearly all linear layers of a step multiply. */
  DeviceRates.Operands linearOperands() {
    return switch (linear) {
      case SIXTEEN_BIT -> DeviceRates.Operands.SIXTEEN_BIT;
      case EIGHT_BIT -> DeviceRates.Operands.EIGHT_BIT;
    };
  }
}
