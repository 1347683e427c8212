package org.reelspark.model.registry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.ProfileFile;
import org.reelspark.attention.TunedProfile;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoModel;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.wan.WanModel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads models. */
public final class VideoModels {
  private static final Logger LOG = LoggerFactory.getLogger(VideoModels.class);

  private VideoModels() {}

  /**
   * Loads a checkpoint in diffusers layout onto a backend, with its attention profile where it has
   * one.
   *
   * @param modelDirectory holds {@code model_index.json}
   * @return the model, which the caller closes before the backend
   * @throws ReelsparkException MODEL_NOT_FOUND, MODEL_UNSUPPORTED, CHECKPOINT_INVALID,
   *     PROFILE_INVALID, BACKEND_UNAVAILABLE or OUT_OF_MEMORY
   */
  public static VideoModel load(Path modelDirectory, Backend backend) {
    Checkpoint checkpoint = Checkpoint.open(modelDirectory);
    Optional<TunedProfile> tuned = profile(checkpoint);
    VideoModel model = load(checkpoint, tuned.map(TunedProfile::profile), backend);
    try {
      // Only now: a damaged file makes another digest too, and what reads it says which one it is.
      tuned.ifPresent(found -> found.checkModel(checkpoint.digest()));
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Loads a checkpoint like {@link #load} but leaves its profile aside, even a damaged one.
   *
   * @throws ReelsparkException as {@link #load}, except PROFILE_INVALID
   */
  public static VideoModel loadWithoutProfile(Path modelDirectory, Backend backend) {
    return load(Checkpoint.open(modelDirectory), Optional.empty(), backend);
  }

  private static VideoModel load(
      Checkpoint checkpoint, Optional<AttentionProfile> profile, Backend backend) {
    long start = System.nanoTime();
    String pipeline = checkpoint.pipelineClass();
    if (!pipeline.equals("WanPipeline")) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "%s is a %s; WanPipeline (text to video with Wan 2.1 or 2.2) is supported"
              .formatted(checkpoint.directory(), pipeline));
    }
    // Reads tens of gigabytes, as loading does; asked for at its end.
    checkpoint.beginDigest();
    VideoModel model = WanModel.load(checkpoint, profile, backend);
    log(checkpoint, model.description(), backend, Duration.ofNanos(System.nanoTime() - start));
    return model;
  }

  private static Optional<TunedProfile> profile(Checkpoint checkpoint) {
    Path file = checkpoint.directory().resolve(TunedProfile.FILE_NAME);
    return Files.exists(file) ? Optional.of(ProfileFile.read(file)) : Optional.empty();
  }

  private static void log(
      Checkpoint checkpoint, ModelDescription model, Backend backend, Duration duration) {
    LOG.info(
        """
        Loaded {} from {} in {} s
          digest {}
          {} layers, {} heads of {}; {} attention profile
          on {}""",
        model.family(),
        checkpoint.directory(),
        "%.1f".formatted(duration.toMillis() / 1000.0),
        model.digest(),
        model.layers(),
        model.heads(),
        model.headDimension(),
        model.profile().isPresent() ? "with an" : "without",
        backend.describe());
  }
}
