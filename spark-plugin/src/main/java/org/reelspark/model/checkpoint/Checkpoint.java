package org.reelspark.model.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.GenerationDefaults;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model directory in diffusers layout. Opening it reads {@code model_index.json} only.
 *
 * <p>Components are the directories that the pipeline names, such as {@code transformer}, {@code
 * vae}, {@code text_encoder}, {@code tokenizer} and {@code scheduler}.
 */
public final class Checkpoint {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);

  static final String GENERATION_DEFAULTS = "generation_defaults.json";

  private static final Set<String> GENERATION_KEYS =
      Set.of(
          "width",
          "height",
          "num_frames",
          "num_inference_steps",
          "guidance_scale",
          "fps",
          "max_sequence_length");

  private static final int DEFAULT_MAX_SEQUENCE_LENGTH = 512;

  private final Path directory;
  private final JsonConfig index;
  private CompletableFuture<String> digest;

  private Checkpoint(Path directory, JsonConfig index) {
    this.directory = directory;
    this.index = index;
  }

  /**
   * @throws ReelsparkException MODEL_NOT_FOUND when the directory or its {@code model_index.json}
   *     is missing, CHECKPOINT_INVALID
   */
  public static Checkpoint open(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw notFound(
          "model directory %s %s; give the path of a checkpoint's directory"
              .formatted(directory, Files.exists(directory) ? "is a file" : "does not exist"));
    }
    Path index = directory.resolve("model_index.json");
    if (!Files.isRegularFile(index)) {
      throw notFound(
          "%s has no model_index.json; expected a checkpoint in diffusers layout"
              .formatted(directory));
    }
    return new Checkpoint(directory, JsonConfig.read(index));
  }

  public Path directory() {
    return directory;
  }

  /** The pipeline class, such as {@code WanPipeline}. */
  public String pipelineClass() {
    return index.text("_class_name");
  }

  /** {@code model_index.json}: components and settings of the pipeline. */
  public JsonConfig index() {
    return index;
  }

  /** Whether the pipeline names a component of its own library class, not {@code [null, null]}. */
  public boolean hasComponent(String component) {
    return index.has(component) && !componentClass(component).isEmpty();
  }

  /** The library class of a component, such as {@code UMT5EncoderModel}. */
  public String componentClass(String component) {
    List<String> libraryAndClass = index.texts(component);
    if (libraryAndClass.size() != 2) {
      throw index.invalid(component, "a pair of library and class");
    }
    return libraryAndClass.get(1);
  }

  /**
   * The directory of a component.
   *
   * @throws ReelsparkException MODEL_NOT_FOUND
   */
  public Path component(String component) {
    Path path = directory.resolve(component);
    if (!Files.isDirectory(path)) {
      throw notFound(
          "%s has no %s directory; fetch the whole checkpoint".formatted(directory, component));
    }
    return path;
  }

  /** {@code config.json} of a component. */
  public JsonConfig config(String component) {
    return json(component, "config.json");
  }

  /** Another JSON file of a component. */
  public JsonConfig json(String component, String name) {
    return JsonConfig.read(file(component, name));
  }

  /** A file in the directory of a component. */
  public Path file(String component, String name) {
    Path file = component(component).resolve(name);
    if (!Files.isRegularFile(file)) {
      throw notFound("%s is missing; fetch the whole checkpoint".formatted(file));
    }
    return file;
  }

  /** The weights of a component, mapped. */
  public Weights weights(String component) {
    Weights weights = Weights.open(component(component));
    LOG.info("{} has {}", component, weights.summary());
    return weights;
  }

  /**
   * Settings for what a request leaves out, from {@code generation_defaults.json} where the
   * checkpoint has one.
   *
   * @param family settings for what that file leaves out
   */
  public GenerationDefaults generationDefaults(GenerationDefaults family) {
    JsonConfig file = generationFile();
    return new GenerationDefaults(
        file.positiveInteger("width", family.width()),
        file.positiveInteger("height", family.height()),
        file.positiveInteger("num_frames", family.frames()),
        file.positiveInteger("num_inference_steps", family.steps()),
        (float) file.positiveNumber("guidance_scale", family.guidanceScale()),
        file.positiveNumber("fps", family.framesPerSecond()));
  }

  /** Tokens of an encoded prompt, padding included: 512, or what the model was trained with. */
  public int maxSequenceLength() {
    return generationFile().positiveInteger("max_sequence_length", DEFAULT_MAX_SEQUENCE_LENGTH);
  }

  /**
   * Identifies the model by its content: lower-case hexadecimal SHA-256 over the names, sizes and
   * contents of its JSON files and of the weights that are loaded, without the attention profile
   * and the generation defaults. Computed once. Digests of files from 256 MiB are remembered in the
   * user's cache directory by path, size and modification time.
   */
  public String digest() {
    try {
      return beginDigest().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof ReelsparkException cause ? cause : e;
    }
  }

  /** Has {@link #digest} computed beside what the caller does next. */
  public synchronized CompletableFuture<String> beginDigest() {
    if (digest == null) {
      ModelDigest modelDigest = new ModelDigest(DigestCache.ofUser());
      digest = CompletableFuture.supplyAsync(() -> modelDigest.of(directory, maxSequenceLength()));
    }
    return digest.copy();
  }

  private JsonConfig generationFile() {
    Path file = directory.resolve(GENERATION_DEFAULTS);
    if (!Files.exists(file)) {
      return JsonConfig.empty(file);
    }
    JsonConfig settings = JsonConfig.read(file);
    settings.rejectOtherKeys(GENERATION_KEYS);
    return settings;
  }

  private static ReelsparkException notFound(String problem) {
    return new ReelsparkException(ErrorCode.MODEL_NOT_FOUND, problem);
  }
}
