package org.reelspark.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;

/** What {@code src/test/python/goldens_text.py} wrote. */
final class TextGoldens {
  /** The shipped model, whose tokenizer the goldens use. */
  static final Path SAMPLE_TOKENIZER = Path.of("../jobs/sample-model/tokenizer/tokenizer.json");

  private TextGoldens() {}

  static Path directory() {
    try {
      return Path.of(TextGoldens.class.getResource("/goldens/text").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(String name) {
    try {
      return new ObjectMapper().readTree(directory().resolve(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
