package org.reelspark.generate;

import java.util.Map;
import java.util.TreeMap;

/**
 * What holds for all requests of a run.
 *
 * @param defaults options that a request overrides by name
 * @param maxTokens requests with more self-attention tokens are refused
 * @param maxAttempts how often a request is tried when it fails for a passing reason, at least 1
 */
public record GenerationSettings(
    Map<String, String> defaults, int maxTokens, int maxAttempts, ErrorPolicy errorPolicy) {
  /** What happens when a request fails by its own fault. */
  public enum ErrorPolicy {
    /** Its result carries the error and the others go on. */
    KEEP_GOING,
    /** The error is thrown. */
    FAIL
  }

  public static final int DEFAULT_MAX_TOKENS = 131_072;
  public static final int DEFAULT_MAX_ATTEMPTS = 3;

  /** No defaults of its own, and the usual limits. */
  public static final GenerationSettings DEFAULT =
      new GenerationSettings(
          Map.of(), DEFAULT_MAX_TOKENS, DEFAULT_MAX_ATTEMPTS, ErrorPolicy.KEEP_GOING);

  public GenerationSettings {
    defaults = Map.copyOf(defaults);
    if (maxTokens < 1 || maxAttempts < 1) {
      throw new IllegalArgumentException(
          "limits must be positive, found %d tokens, %d attempts"
              .formatted(maxTokens, maxAttempts));
    }
  }

  /** The input's options over these defaults. */
  GenerationOptions options(GenerationInput input) {
    Map<String, String> merged = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    merged.putAll(defaults);
    input
        .options()
        .forEach(
            (name, value) -> {
              if (value != null || !merged.containsKey(name)) {
                merged.put(name, value);
              }
            });
    return GenerationOptions.parse(merged);
  }
}
