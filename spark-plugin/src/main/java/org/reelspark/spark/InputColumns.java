package org.reelspark.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationInput;
import org.reelspark.generate.GenerationOption;

/**
 * Which columns of a Dataset hold the prompt and the options.
 *
 * @param prompt index of the prompt's column
 * @param options index of each option's column, by option name
 */
record InputColumns(int prompt, HashMap<String, Integer> options) implements Serializable {
  static final String PROMPT = "prompt";

  /**
   * @throws ReelsparkException INVALID_INPUT
   */
  static InputColumns of(StructType schema) {
    int prompt = -1;
    HashMap<String, Integer> options = new HashMap<>();
    StructField[] fields = schema.fields();
    for (int index = 0; index < fields.length; index++) {
      String name = fields[index].name();
      if (name.equalsIgnoreCase(PROMPT)) {
        prompt = index;
      } else if (name.equalsIgnoreCase(VideoGenerator.RESULT_COLUMN)) {
        throw new ReelsparkException(
            ErrorCode.INVALID_INPUT,
            "the input has a column '%s' already; drop or rename it".formatted(name));
      } else if (isOption(name)) {
        requirePlainValues(fields[index]);
        options.put(name, index);
      }
    }
    if (prompt < 0 || !(fields[prompt].dataType() instanceof StringType)) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "the input needs a column 'prompt' of strings, found columns " + schema.simpleString());
    }
    return new InputColumns(prompt, options);
  }

  /** Whether a column of this name says what a row asks for. */
  static boolean belongsToRequest(String name) {
    return name.equalsIgnoreCase(PROMPT) || isOption(name);
  }

  private static boolean isOption(String name) {
    return GenerationOption.keys().contains(name.toLowerCase(Locale.ROOT));
  }

  private static void requirePlainValues(StructField field) {
    DataType type = field.dataType();
    if (!(type instanceof StringType || type instanceof NumericType || type instanceof NullType)) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "column '%s' sets an option and must hold strings or numbers, found %s; cast, rename or drop it"
              .formatted(field.name(), type.simpleString()));
    }
  }

  GenerationInput input(Row row) {
    Map<String, String> stated = new HashMap<>();
    options.forEach(
        (name, index) -> {
          if (!row.isNullAt(index)) {
            stated.put(name, row.get(index).toString());
          }
        });
    return new GenerationInput(row.getString(prompt), stated);
  }
}
