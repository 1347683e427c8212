package org.reelspark.spark;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionSink;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.Masking;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.NearestName;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.WholeNumber;

/**
 * The options of {@code sparse_attention}.
 *
 * @param heads query heads
 * @param keyHeads divides heads
 * @param scale empty means 1/sqrt(head dimension)
 */
record SparseAttentionOptions(
    int heads,
    int keyHeads,
    HeadParameters parameters,
    Masking masking,
    AttentionSink sink,
    Optional<Float> scale) {
  private static final List<String> NAMES =
      List.of(
          "heads",
          "key_heads",
          "top_cdf",
          "top_k",
          "similarity_threshold",
          "pv_threshold",
          "causal",
          "sink",
          "scale");

  /**
   * @throws ReelsparkException INVALID_OPTION
   */
  static SparseAttentionOptions parse(Map<String, String> values) {
    for (String name : values.keySet()) {
      if (!NAMES.contains(name)) {
        throw invalid(
            "unknown option '%s'; did you mean '%s'? Known options: %s"
                .formatted(name, NearestName.of(name, NAMES), String.join(", ", NAMES)));
      }
    }
    int heads = positive(values, "heads", 1);
    int keyHeads = positive(values, "key_heads", heads);
    if (heads % keyHeads != 0) {
      throw invalid("key_heads must divide heads, found %d and %d".formatted(keyHeads, heads));
    }
    try {
      HeadParameters parameters =
          new HeadParameters(
              selection(values),
              number(values, "similarity_threshold").orElse(-1f),
              number(values, "pv_threshold").orElse(Float.POSITIVE_INFINITY));
      return new SparseAttentionOptions(
          heads,
          keyHeads,
          parameters,
          isTrue(values, "causal") ? Masking.CAUSAL : Masking.BIDIRECTIONAL,
          isTrue(values, "sink") ? AttentionSink.FIRST_BLOCK : AttentionSink.NONE,
          number(values, "scale"));
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  AttentionParameters parameters(int headDimension) {
    float factor = scale.orElse((float) (1 / Math.sqrt(headDimension)));
    return new AttentionParameters(
        Collections.nCopies(heads, parameters), factor, masking, sink, 0);
  }

  private static BlockSelection selection(Map<String, String> values) {
    Optional<Float> topCdf = number(values, "top_cdf");
    Optional<Float> topK = number(values, "top_k");
    if (topCdf.isPresent() && topK.isPresent()) {
      throw invalid("give top_cdf or top_k, not both");
    }
    if (topCdf.isPresent()) {
      return new BlockSelection.TopCdf(topCdf.get());
    }
    if (topK.isPresent()) {
      return new BlockSelection.TopK(topK.get());
    }
    return new BlockSelection.Dense();
  }

  private static int positive(Map<String, String> values, String name, int defaultValue) {
    String text = values.get(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      long value = WholeNumber.parse(text);
      if (value >= 1 && value <= Integer.MAX_VALUE) {
        return (int) value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the error that names the value.
    }
    throw invalid("option '%s' must be a positive integer, found '%s'".formatted(name, text));
  }

  private static Optional<Float> number(Map<String, String> values, String name) {
    String text = values.get(name);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Float.parseFloat(text.strip()));
    } catch (NumberFormatException e) {
      throw invalid("option '%s' must be a number, found '%s'".formatted(name, text));
    }
  }

  private static boolean isTrue(Map<String, String> values, String name) {
    String text = values.getOrDefault(name, "false").strip();
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw invalid("option '%s' must be true or false, found '%s'".formatted(name, text));
    };
  }

  private static ReelsparkException invalid(String message) {
    return new ReelsparkException(ErrorCode.INVALID_OPTION, "sparse_attention: " + message);
  }
}
