package org.reelspark.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An output directory of videos by content key.
 *
 * <pre>
 * _reelspark.json       the model and plan version that all videos here come from
 * 3f/3f9c...e1.mp4      video
 * 3f/3f9c...e1.png      some of its frames
 * 3f/3f9c...e1.json     its request and figures; written last, so its presence marks a whole video
 * _checkpoints/3f9c...  a video between two sampler steps, until it is finished: two, in turn
 * </pre>
 *
 * Every file appears atomically, so two writers of one key cannot harm each other.
 */
public final class VideoStore implements VideoOutput {
  /** Holds what has been computed of videos that are not finished, each under its key. */
  public static final String CHECKPOINT_DIRECTORY = "_checkpoints";

  /** Says which model and plan version the videos come from, and is there before the first one. */
  public static final String DESCRIPTION_FILE = "_reelspark.json";

  private static final Logger LOG = LoggerFactory.getLogger(VideoStore.class);

  private static final int LAYOUT_VERSION = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final OutputStore files;
  private final ModelDescription model;
  private final OutputDescription description;
  private final int stepsBetweenCheckpoints;
  private boolean prepared;

  private VideoStore(
      OutputStore files,
      ModelDescription model,
      OutputDescription description,
      int stepsBetweenCheckpoints) {
    this.files = files;
    this.model = model;
    this.description = description;
    this.stepsBetweenCheckpoints = stepsBetweenCheckpoints;
  }

  /**
   * Opens an output for the videos of one model. Writes nothing yet.
   *
   * @param stepsBetweenCheckpoints of a video that is being made; 0 for no checkpoints
   * @throws ReelsparkException OUTPUT_MISMATCH when it holds videos of another model or plan
   *     version, OUTPUT_UNWRITABLE when it cannot be read
   */
  public static VideoStore open(
      OutputStore files, ModelDescription model, int stepsBetweenCheckpoints) {
    OutputDescription description =
        new OutputDescription(
            LAYOUT_VERSION, ContentKey.PLAN_VERSION, model.family(), model.digest());
    try {
      files
          .read(DESCRIPTION_FILE)
          .ifPresent(found -> requireEqual(description, found, files.uri("")));
    } catch (ReelsparkException e) {
      throw unusable(files, e);
    }
    return new VideoStore(files, model, description, stepsBetweenCheckpoints);
  }

  @Override
  public void prepare() {
    if (!prepared) {
      try {
        files.write(DESCRIPTION_FILE, toJson(description));
      } catch (ReelsparkException e) {
        throw unusable(files, e);
      }
      prepared = true;
    }
  }

  /** Before the first video there is nothing to lose, so trying again is left to the user. */
  private static ReelsparkException unusable(OutputStore files, ReelsparkException failure) {
    if (failure.code() != ErrorCode.OUTPUT_FAILED) {
      return failure;
    }
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot use output directory %s: %s".formatted(files.uri(""), failure.getMessage()),
        failure);
  }

  private static void requireEqual(OutputDescription expected, byte[] json, String directory) {
    OutputDescription found;
    try {
      found = JSON.readValue(json, OutputDescription.class);
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_MISMATCH,
          "%s%s is damaged (%s); choose another output directory"
              .formatted(directory, DESCRIPTION_FILE, e.getMessage()),
          e);
    }
    if (!found.equals(expected)) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_MISMATCH,
          "output directory %s holds videos of %s; this run makes videos of %s; choose another output directory"
              .formatted(directory, found, expected));
    }
  }

  @Override
  public Optional<FinishedVideo> find(String key, GenerationRequest request) {
    Optional<byte[]> json = files.read(sidecarPath(key));
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      Sidecar sidecar = JSON.readValue(json.get(), Sidecar.class);
      String videoPath = videoPath(key, request);
      OptionalLong byteSize = files.byteSize(videoPath);
      if (sidecar != null
          && key.equals(sidecar.key())
          && byteSize.equals(OptionalLong.of(sidecar.byteSize()))) {
        return Optional.of(
            new FinishedVideo(
                new VideoContent.Stored(files.uri(videoPath), sidecar.byteSize()),
                sidecar.tokens(),
                sidecar.sparsity(),
                sidecar.cachedRuns(),
                Optional.ofNullable(sidecar.arithmetic()),
                sidecar.timings()));
      }
      LOG.warn(
          "{} and its video do not match; making the video again", files.uri(sidecarPath(key)));
    } catch (IOException e) {
      LOG.warn("{} is damaged; making the video again", files.uri(sidecarPath(key)), e);
    }
    return Optional.empty();
  }

  @Override
  public FinishedVideo save(EncodedVideo video) {
    long start = System.nanoTime();
    String videoPath = videoPath(video.key(), video.request());
    files.write(videoPath, video.file());
    files.write(path(video.key(), "png"), video.preview());
    StageTimings timings =
        video.timings().withWriteMillis(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    Sidecar sidecar =
        new Sidecar(
            video.key(),
            ContentKey.PLAN_VERSION,
            model.family(),
            model.digest(),
            video.request(),
            video.file().length,
            video.tokens(),
            video.sparsity(),
            video.cachedRuns(),
            video.arithmetic(),
            timings);
    files.write(sidecarPath(video.key()), toJson(sidecar));
    storedCheckpoints(video.key()).remove();
    return new FinishedVideo(
        new VideoContent.Stored(files.uri(videoPath), video.file().length),
        video.tokens(),
        video.sparsity(),
        video.cachedRuns(),
        Optional.of(video.arithmetic()),
        timings);
  }

  @Override
  public StepCheckpoints checkpoints(String key) {
    return storedCheckpoints(key);
  }

  private StoredCheckpoints storedCheckpoints(String key) {
    return new StoredCheckpoints(files, key, stepsBetweenCheckpoints);
  }

  private static String videoPath(String key, GenerationRequest request) {
    return path(key, request.format().extension());
  }

  /** Where the sidecar of a key is, in the output directory. */
  public static String sidecarPath(String key) {
    return path(key, "json");
  }

  private static String path(String key, String extension) {
    return "%s/%s.%s".formatted(key.substring(0, 2), key, extension);
  }

  private static byte[] toJson(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record OutputDescription(
      int layoutVersion, int planVersion, String modelFamily, String modelDigest) {
    @Override
    public String toString() {
      return "%s model %s (plan version %d, layout version %d)"
          .formatted(modelFamily, modelDigest, planVersion, layoutVersion);
    }
  }

  /**
   * @param arithmetic null in those that were written before it was noted
   */
  private record Sidecar(
      String key,
      int planVersion,
      String modelFamily,
      String modelDigest,
      GenerationRequest request,
      long byteSize,
      int tokens,
      double sparsity,
      int cachedRuns,
      String arithmetic,
      StageTimings timings) {}
}
