package org.reelspark.jobs;

import java.util.Objects;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import picocli.CommandLine.Option;

/** The options that say how large a video is: as large as the model makes them, unless told. */
public final class ChosenSize {
  @Option(names = "--width", paramLabel = "PIXELS", description = "Default: the model's.")
  private Integer width;

  @Option(names = "--height", paramLabel = "PIXELS", description = "Default: the model's.")
  private Integer height;

  @Option(names = "--frames", paramLabel = "N", description = "Default: the model's.")
  private Integer frames;

  /**
   * @throws ReelsparkException INVALID_SIZE when the model makes none of this size
   */
  public VideoGeometry geometry(VideoModel model) {
    GenerationDefaults defaults = model.description().defaults();
    return geometry(model, Objects.requireNonNullElse(frames, defaults.frames()));
  }

  /** The same with another number of frames. */
  public VideoGeometry geometry(VideoModel model, int otherFrames) {
    GenerationDefaults defaults = model.description().defaults();
    return model.geometry(
        Objects.requireNonNullElse(width, defaults.width()),
        Objects.requireNonNullElse(height, defaults.height()),
        otherFrames);
  }

  /** As on the command line, for reports; without what was left out. */
  public String arguments() {
    return argument("--width", width) + argument("--height", height) + argument("--frames", frames);
  }

  private static String argument(String option, Integer value) {
    return value == null ? "" : " %s %d".formatted(option, value);
  }
}
