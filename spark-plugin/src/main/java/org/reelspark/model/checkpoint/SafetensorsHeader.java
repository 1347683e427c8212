package org.reelspark.model.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;

/**
 * The table of contents of a safetensors file: 8 bytes little-endian header length, that many bytes
 * of JSON {@code {name: {"dtype", "shape", "data_offsets"}}}, then the data. The data must be
 * covered exactly once: without holes, overlaps or a tail.
 */
final class SafetensorsHeader {
  static final int LENGTH_BYTES = 8;

  /** The limit of the format's own library. */
  static final long MAX_LENGTH = 100_000_000;

  private static final int MAX_RANK = 8;

  private static final Set<DType> READABLE = EnumSet.of(DType.F32, DType.F16, DType.BF16);

  private final Path file;
  private final long dataStart;
  private final long dataLength;

  private SafetensorsHeader(Path file, long dataStart, long dataLength) {
    this.file = file;
    this.dataStart = dataStart;
    this.dataLength = dataLength;
  }

  /** Checks a header length before anything is read or allocated by it. */
  static int checkedLength(Path file, long fileSize, long headerLength) {
    if (headerLength <= 0 || headerLength > MAX_LENGTH) {
      throw CheckpointErrors.invalid(
          file,
          "header length is %s bytes; expected 1 to %d: not a safetensors file, or a damaged one"
              .formatted(Long.toUnsignedString(headerLength), MAX_LENGTH));
    }
    if (headerLength > fileSize - LENGTH_BYTES) {
      throw CheckpointErrors.invalid(
          file,
          "header length is %d bytes but only %d follow: the file is truncated; fetch it again"
              .formatted(headerLength, fileSize - LENGTH_BYTES));
    }
    return (int) headerLength;
  }

  /** Entries by name, in the order of their data. */
  static List<TensorEntry> parse(Path file, long fileSize, byte[] json) {
    long dataStart = (long) LENGTH_BYTES + json.length;
    return new SafetensorsHeader(file, dataStart, fileSize - dataStart).entries(json);
  }

  private List<TensorEntry> entries(byte[] json) {
    List<TensorEntry> entries = new ArrayList<>();
    try (JsonParser parser = Json.FACTORY.createParser(json)) {
      expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "header", "an object");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("__metadata__")) {
          parser.skipChildren();
        } else {
          entries.add(entry(parser, name));
        }
      }
      if (parser.nextToken() != null) {
        throw invalid("header holds more than one JSON value");
      }
    } catch (JsonProcessingException e) {
      throw CheckpointErrors.invalid(file, "header is not valid JSON: " + Json.problem(e), e);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file, e);
    }
    entries.sort(Comparator.comparingLong(TensorEntry::offset).thenComparing(TensorEntry::end));
    checkCoverage(entries);
    return entries;
  }

  private TensorEntry entry(JsonParser parser, String name) throws IOException {
    String dtype = null;
    long[] shape = null;
    long[] offsets = null;
    expect(parser, parser.currentToken(), JsonToken.START_OBJECT, tensor(name), "an object");
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> {
          expect(
              parser,
              parser.currentToken(),
              JsonToken.VALUE_STRING,
              "dtype of " + tensor(name),
              "a string");
          dtype = parser.getText();
        }
        case "shape" -> shape = naturals(parser, "shape of " + tensor(name));
        case "data_offsets" -> offsets = naturals(parser, "data_offsets of " + tensor(name));
        default ->
            throw invalid(
                "%s has the key '%s'; expected dtype, shape and data_offsets"
                    .formatted(tensor(name), brief(key)));
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      throw invalid(tensor(name) + " lacks one of dtype, shape and data_offsets");
    }
    return checked(name, readable(name, dtype), shape, offsets);
  }

  private TensorEntry checked(String name, DType dtype, long[] sizes, long[] offsets) {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw invalid(
          "data_offsets of %s are %s; expected a begin and an end"
              .formatted(tensor(name), Arrays.toString(offsets)));
    }
    if (offsets[1] > dataLength) {
      throw invalid(
          "data_offsets of %s are %s but the file holds %d bytes of data: it is truncated; fetch it again"
              .formatted(tensor(name), Arrays.toString(offsets), dataLength));
    }
    Shape shape = shape(name, sizes);
    long found = offsets[1] - offsets[0];
    // Division, because the product of a hostile shape may overflow.
    if (found % dtype.bytes() != 0 || shape.elementCount() != found / dtype.bytes()) {
      throw invalid(
          "%s is %s%s, of %d bytes each, but its data_offsets %s hold %d bytes"
              .formatted(
                  tensor(name), dtype, shape, dtype.bytes(), Arrays.toString(offsets), found));
    }
    long offset = dataStart + offsets[0];
    if (offset % dtype.bytes() != 0) {
      throw invalid(
          "%s starts at byte %d of the file, which is no multiple of the %d bytes of %s; write the file again with a current safetensors library"
              .formatted(tensor(name), offset, dtype.bytes(), dtype));
    }
    return new TensorEntry(name, dtype, shape, offset);
  }

  private Shape shape(String name, long[] sizes) {
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw CheckpointErrors.invalid(
          file, "shape of %s is too large: %s".formatted(tensor(name), Arrays.toString(sizes)), e);
    }
  }

  private DType readable(String name, String dtype) {
    for (DType known : READABLE) {
      if (known.name().equals(dtype)) {
        return known;
      }
    }
    throw invalid(
        "%s has dtype %s; expected one of %s"
            .formatted(
                tensor(name),
                brief(dtype),
                READABLE.stream().map(DType::name).collect(Collectors.joining(", "))));
  }

  private void checkCoverage(List<TensorEntry> entries) {
    long covered = dataStart;
    String previous = "the header";
    for (TensorEntry entry : entries) {
      if (entry.offset() != covered) {
        throw invalid(
            "%s starts at byte %d of the file but %s ends at %d: the data %s"
                .formatted(
                    tensor(entry.name()),
                    entry.offset(),
                    previous,
                    covered,
                    entry.offset() < covered ? "overlap" : "have a hole"));
      }
      covered = entry.end();
      previous = tensor(entry.name());
    }
    if (covered != dataStart + dataLength) {
      throw invalid(
          "%s ends at byte %d but the file is %d bytes long: %d bytes belong to no tensor"
              .formatted(
                  previous, covered, dataStart + dataLength, dataStart + dataLength - covered));
    }
  }

  private long[] naturals(JsonParser parser, String what) throws IOException {
    expect(parser, parser.currentToken(), JsonToken.START_ARRAY, what, "a list of integers");
    long[] values = new long[MAX_RANK];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (!isNatural(parser)) {
        throw invalid(
            "%s has %s; expected integers from 0 to 2^63 - 1"
                .formatted(what, brief(parser.getText())));
      }
      if (count == MAX_RANK) {
        throw invalid("%s has more than %d integers".formatted(what, MAX_RANK));
      }
      values[count++] = parser.getLongValue();
    }
    return Arrays.copyOf(values, count);
  }

  private static boolean isNatural(JsonParser parser) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
        && parser.getLongValue() >= 0;
  }

  private void expect(
      JsonParser parser, JsonToken found, JsonToken expected, String what, String expectation)
      throws IOException {
    if (found != expected) {
      throw invalid(
          "%s is %s; expected %s"
              .formatted(what, found == null ? "empty" : brief(parser.getText()), expectation));
    }
  }

  private ReelsparkException invalid(String problem) {
    return CheckpointErrors.invalid(file, problem);
  }

  private static String tensor(String name) {
    return "tensor '" + brief(name) + "'";
  }

  private static String brief(String text) {
    return text.length() <= 120 ? text : text.substring(0, 120) + "...";
  }
}
