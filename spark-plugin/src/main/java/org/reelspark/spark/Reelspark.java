package org.reelspark.spark;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/** The SQL functions for Java callers. See {@code DESCRIBE FUNCTION EXTENDED} for each. */
public final class Reelspark {
  private Reelspark() {}

  /** A video of each prompt, with the model's default settings. */
  public static Column generateVideo(Column prompt) {
    return functions.call_function("generate_video", prompt);
  }

  /**
   * A video of each prompt.
   *
   * @param options map of strings, by the names of {@link org.reelspark.generate.GenerationOption}
   */
  public static Column generateVideo(Column prompt, Column options) {
    return functions.call_function("generate_video", prompt, options);
  }

  /** Attention over arrays of floats; see {@code sparse_attention}. */
  public static Column sparseAttention(
      Column query, Column key, Column value, Column headDimension, Column options) {
    return functions.call_function("sparse_attention", query, key, value, headDimension, options);
  }

  /** Place of a token on the Hilbert curve; see {@code hilbert_index}. */
  public static Column hilbertIndex(
      Column frame, Column row, Column column, Column frames, Column height, Column width) {
    return functions.call_function("hilbert_index", frame, row, column, frames, height, width);
  }
}
