package org.reelspark.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.reelspark.error.ReelsparkException;

/**
 * Typed access to a JSON object in a file. A key whose value is null counts as absent. Every error
 * is CHECKPOINT_INVALID and names the file, the key, the value found and what was expected.
 */
public final class JsonConfig {
  private final Path file;
  private final ObjectNode values;

  private JsonConfig(Path file, ObjectNode values) {
    this.file = file;
    this.values = values;
  }

  /** Reads a file that must hold one JSON object. */
  public static JsonConfig read(Path file) {
    return new JsonConfig(file, Json.readObject(file));
  }

  /** Holds nothing, for an optional file that is absent. */
  static JsonConfig empty(Path file) {
    return new JsonConfig(file, JsonNodeFactory.instance.objectNode());
  }

  public Path file() {
    return file;
  }

  public boolean has(String key) {
    return values.hasNonNull(key);
  }

  public String text(String key) {
    return value(key, "a string", JsonNode::isTextual, JsonNode::textValue);
  }

  public String text(String key, String absent) {
    return has(key) ? text(key) : absent;
  }

  /** An integer of at least 1: sizes and counts. */
  public int positiveInteger(String key) {
    return value(
        key, "a positive integer", node -> isInt(node) && node.intValue() > 0, JsonNode::intValue);
  }

  public int positiveInteger(String key, int absent) {
    return has(key) ? positiveInteger(key) : absent;
  }

  /** A number above zero: rates and scales. */
  public double positiveNumber(String key) {
    return value(
        key,
        "a number above 0",
        node -> isFiniteNumber(node) && node.doubleValue() > 0,
        JsonNode::doubleValue);
  }

  public double positiveNumber(String key, double absent) {
    return has(key) ? positiveNumber(key) : absent;
  }

  public boolean flag(String key) {
    return value(key, "true or false", JsonNode::isBoolean, JsonNode::booleanValue);
  }

  public boolean flag(String key, boolean absent) {
    return has(key) ? flag(key) : absent;
  }

  public List<Integer> integers(String key) {
    return list(key, "a list of integers", JsonConfig::isInt, JsonNode::intValue);
  }

  public List<Float> floats(String key) {
    return list(key, "a list of numbers", JsonConfig::isFiniteNumber, JsonNode::floatValue);
  }

  public List<Boolean> flags(String key) {
    return list(key, "a list of true and false", JsonNode::isBoolean, JsonNode::booleanValue);
  }

  /** Elements of a list of strings and nulls; null becomes the empty string. */
  public List<String> texts(String key) {
    return list(
        key,
        "a list of strings",
        node -> node.isTextual() || node.isNull(),
        node -> node.isNull() ? "" : node.textValue());
  }

  /** A nested object whose values are all strings, as index files hold; keys in sorted order. */
  public SortedMap<String, String> textMap(String key) {
    JsonNode object = present(key, "an object of strings");
    if (!object.isObject()) {
      throw invalid(key, "an object of strings");
    }
    SortedMap<String, String> texts = new TreeMap<>();
    object
        .fields()
        .forEachRemaining(
            field -> {
              if (!field.getValue().isTextual()) {
                throw CheckpointErrors.invalid(
                    file,
                    "key '%s' has %s for '%s'; expected a string"
                        .formatted(key, brief(field.getValue()), brief(field.getKey())));
              }
              texts.put(field.getKey(), field.getValue().textValue());
            });
    return texts;
  }

  /** Refuses keys that nothing reads, such as misspelt ones. */
  void rejectOtherKeys(Set<String> known) {
    values
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!known.contains(key)) {
                throw CheckpointErrors.invalid(
                    file,
                    "key '%s' is unknown; expected one of %s"
                        .formatted(brief(key), String.join(", ", new TreeSet<>(known))));
              }
            });
  }

  /** The error for a value that has the right type but cannot be used. */
  public ReelsparkException invalid(String key, String expected) {
    return CheckpointErrors.invalid(
        file, "key '%s' is %s; expected %s".formatted(key, brief(values.path(key)), expected));
  }

  private <T> T value(
      String key, String expected, Predicate<JsonNode> valid, Function<JsonNode, T> read) {
    JsonNode node = present(key, expected);
    if (!valid.test(node)) {
      throw invalid(key, expected);
    }
    return read.apply(node);
  }

  private <T> List<T> list(
      String key, String expected, Predicate<JsonNode> valid, Function<JsonNode, T> read) {
    JsonNode array = present(key, expected);
    List<T> elements = new ArrayList<>();
    if (!array.isArray()) {
      throw invalid(key, expected);
    }
    for (JsonNode element : array) {
      if (!valid.test(element)) {
        throw invalid(key, expected);
      }
      elements.add(read.apply(element));
    }
    return List.copyOf(elements);
  }

  private JsonNode present(String key, String expected) {
    if (!has(key)) {
      throw CheckpointErrors.invalid(
          file, "key '%s' is missing; expected %s".formatted(key, expected));
    }
    return values.get(key);
  }

  private static boolean isInt(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt();
  }

  private static boolean isFiniteNumber(JsonNode node) {
    return node.isNumber() && Float.isFinite(node.floatValue());
  }

  private static String brief(JsonNode node) {
    return brief(node.toString());
  }

  private static String brief(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
