package org.reelspark.generate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One request as a user states it, before any check.
 *
 * @param prompt may be null or malformed; the result then says so
 * @param options by name, see {@link GenerationOption}; values may be null
 */
public record GenerationInput(String prompt, Map<String, String> options) {
  public GenerationInput {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }
}
