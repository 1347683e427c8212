package org.reelspark.attention;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * Profiles as JSON files.
 *
 * <pre>
 * {
 *   "version": 1,
 *   "order": "HILBERT",
 *   "tuning": {"model_digest": .., "date": .., "bound": .., "prompts": [..], "steps": .., "sparsity": ..},
 *   "layers": [
 *     {"ranges": [
 *       {"from_timestep": 0, "heads": [
 *         {"selection": "DENSE"},
 *         {"selection": "TOP_CDF", "threshold": 0.9, "similarity": 0.3, "pv": 9.0},
 *         {"selection": "TOP_K", "threshold": 0.5}]}]}]
 * }
 * </pre>
 *
 * A head without {@code similarity} has no similarity gate, one without {@code pv} leaves out no
 * block after its scores are known. Unknown and repeated fields are errors.
 */
public final class ProfileFile {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private ProfileFile() {}

  /**
   * @throws ReelsparkException PROFILE_INVALID, naming the file, the field, what was found and what
   *     was expected
   */
  public static TunedProfile read(Path file) {
    try {
      ProfileJson json = MAPPER.readValue(Files.readAllBytes(file), ProfileJson.class);
      if (json == null) {
        throw invalid(file, "holds null; expected an object", null);
      }
      return json.toProfile();
    } catch (ValueInstantiationException e) {
      throw invalid(file, fieldOf(e) + e.getCause().getMessage(), e);
    } catch (JsonMappingException e) {
      throw invalid(file, fieldOf(e) + e.getOriginalMessage(), e);
    } catch (JsonProcessingException e) {
      throw invalid(file, "not valid JSON: " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw invalid(file, "no such file; give the path of a profile", e);
    } catch (IOException e) {
      throw invalid(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  private static ReelsparkException invalid(Path file, String problem, Exception cause) {
    return new ReelsparkException(
        ErrorCode.PROFILE_INVALID, "attention profile %s: %s".formatted(file, problem), cause);
  }

  /** Where in the file, as in {@code layers[3].ranges[0].heads: }. */
  private static String fieldOf(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(
                step ->
                    step.getFieldName() == null
                        ? "[%d]".formatted(step.getIndex())
                        : "." + step.getFieldName())
            .collect(Collectors.joining());
    return path.isEmpty() ? "" : path.substring(1) + ": ";
  }

  /**
   * Replaces the file.
   *
   * @throws ReelsparkException OUTPUT_UNWRITABLE
   */
  public static void write(Path file, TunedProfile profile) {
    try {
      Files.writeString(file, MAPPER.writeValueAsString(ProfileJson.of(profile)) + "\n");
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_UNWRITABLE,
          "cannot write the attention profile %s: %s; choose a writable path"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
