package org.reelspark.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Strict JSON: no duplicate keys, nothing after the value, bounded nesting and size. */
final class Json {
  private static final int MAX_NESTING = 32;
  private static final long MAX_FILE_BYTES = 64L << 20;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private Json() {}

  /** Reads a file that holds one JSON object. */
  static ObjectNode readObject(Path file) {
    try {
      long size = Files.size(file);
      if (size > MAX_FILE_BYTES) {
        throw CheckpointErrors.invalid(
            file, "is %d bytes long; a JSON file may have %d".formatted(size, MAX_FILE_BYTES));
      }
      JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
      if (root instanceof ObjectNode object) {
        return object;
      }
      throw CheckpointErrors.invalid(
          file, "holds no JSON object but " + root.getNodeType().name().toLowerCase(Locale.ROOT));
    } catch (JsonProcessingException e) {
      throw CheckpointErrors.invalid(file, "is not valid JSON: " + problem(e), e);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file, e);
    }
  }

  /** What is wrong and where, without the parser's own notes. */
  static String problem(JsonProcessingException e) {
    String where =
        e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return e.getOriginalMessage() + where;
  }
}
