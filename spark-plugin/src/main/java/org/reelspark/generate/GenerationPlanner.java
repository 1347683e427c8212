package org.reelspark.generate;

import java.util.Locale;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.VideoGeometry;
import org.reelspark.video.VideoFormat;

/** Checks inputs and says what they will take, without generating anything. */
public final class GenerationPlanner {
  /**
   * Generous bound on the pixels that one token stands for, so that an absurd size is refused
   * before any model computes with it.
   */
  private static final double MAX_PIXELS_PER_TOKEN = 64.0 * 64 * 8;

  private final SharedModel model;
  private final VideoOutput output;
  private final GenerationSettings settings;

  public GenerationPlanner(SharedModel model, VideoOutput output, GenerationSettings settings) {
    this.model = model;
    this.output = output;
    this.settings = settings;
  }

  /**
   * @throws ReelsparkException INVALID_PROMPT, INVALID_OPTION, INVALID_SIZE, TOKEN_BUDGET_EXCEEDED,
   *     OUTPUT_FAILED
   */
  public PlannedGeneration plan(GenerationInput input) {
    GenerationRequest request =
        GenerationRequest.resolve(input.prompt(), settings.options(input), model.description());
    double pixels = (double) request.width() * request.height() * request.frames();
    if (pixels > settings.maxTokens() * MAX_PIXELS_PER_TOKEN) {
      throw overBudget(request, "more tokens");
    }
    VideoGeometry geometry = model.geometry(request.width(), request.height(), request.frames());
    if (geometry.grid().tokens() > settings.maxTokens()) {
      throw overBudget(request, geometry.grid().tokens() + " tokens");
    }
    requireEncodable(request);
    String key = ContentKey.of(request, model.description());
    return new PlannedGeneration(request, key, geometry, output.find(key, request));
  }

  /** Before the video is made, which would be lost. */
  private static void requireEncodable(GenerationRequest request) {
    VideoFormat format = request.format();
    if (Math.min(request.width(), request.height()) < format.leastSide()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_SIZE,
          "%d x %d pixels are too small for the format %s, which needs %d on each side; choose a larger size or another format"
              .formatted(
                  request.width(),
                  request.height(),
                  format.name().toLowerCase(Locale.ROOT),
                  format.leastSide()));
    }
  }

  private ReelsparkException overBudget(GenerationRequest request, String tokens) {
    return new ReelsparkException(
        ErrorCode.TOKEN_BUDGET_EXCEEDED,
        "%d x %d pixels with %d frames need %s than the limit of %d (spark.reelspark.generate.maxTokens); choose a smaller size or fewer frames, or raise the limit"
            .formatted(
                request.width(),
                request.height(),
                request.frames(),
                tokens.startsWith("more") ? tokens : tokens + ", more",
                settings.maxTokens()));
  }
}
