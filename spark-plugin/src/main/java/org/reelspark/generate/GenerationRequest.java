package org.reelspark.generate;

import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.Guidance;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.PromptText;
import org.reelspark.video.VideoFormat;

/**
 * One video to make, with nothing left open: the same request on the same model gives the same
 * video.
 *
 * @param prompt not blank, well-formed Unicode
 * @param negativePrompt may be empty
 * @param seed selects the initial noise
 * @param guidanceScale at most 1 means no guidance
 * @param guidanceStart where guidance begins, as a fraction of the steps
 * @param guidanceEnd where it ends, as a fraction of the steps
 * @param framesPerSecond of the finished video
 * @param cacheThreshold see {@link org.reelspark.model.DenoiseRequest#cacheThreshold}
 */
public record GenerationRequest(
    String prompt,
    String negativePrompt,
    long seed,
    int width,
    int height,
    int frames,
    int steps,
    float guidanceScale,
    float guidanceStart,
    float guidanceEnd,
    double framesPerSecond,
    AttentionMode attention,
    float cacheThreshold,
    VideoFormat format) {
  /**
   * Fills in what the options leave out from the model's defaults.
   *
   * @throws ReelsparkException INVALID_PROMPT for a null, blank, overlong or malformed prompt;
   *     INVALID_OPTION for guidance that ends before it starts, and for sparse attention on a model
   *     without a profile
   */
  public static GenerationRequest resolve(
      String prompt, GenerationOptions options, ModelDescription model) {
    if (prompt == null || prompt.isBlank()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_PROMPT,
          "the prompt is %s; give a text that describes the video"
              .formatted(prompt == null ? "null" : "blank"));
    }
    PromptText.require("prompt", prompt);
    String negativePrompt = options.negativePrompt().orElse("");
    PromptText.require("negative prompt", negativePrompt);
    GenerationDefaults defaults = model.defaults();
    Guidance guidance = guidance(options, defaults);
    return new GenerationRequest(
        prompt,
        negativePrompt,
        options.seed().orElse(0),
        options.width().orElse(defaults.width()),
        options.height().orElse(defaults.height()),
        options.frames().orElse(defaults.frames()),
        options.steps().orElse(defaults.steps()),
        guidance.scale(),
        guidance.start(),
        guidance.end(),
        defaults.framesPerSecond(),
        attention(options, model),
        options.cacheThreshold().orElse(0f),
        options.format().orElse(VideoFormat.MP4_H264));
  }

  private static Guidance guidance(GenerationOptions options, GenerationDefaults defaults) {
    float start = options.guidanceStart().orElse(0f);
    float end = options.guidanceEnd().orElse(1f);
    if (start > end) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION,
          "option 'guidance_start' is %s and 'guidance_end' is %s; guidance cannot end before it starts"
              .formatted(start, end));
    }
    return new Guidance(options.guidanceScale().orElse(defaults.guidanceScale()), start, end);
  }

  private static AttentionMode attention(GenerationOptions options, ModelDescription model) {
    AttentionMode preferred =
        model.profile().isPresent() ? AttentionMode.SPARSE : AttentionMode.DENSE;
    AttentionMode attention = options.attention().orElse(preferred);
    if (attention == AttentionMode.SPARSE && model.profile().isEmpty()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION,
          "option 'attention' is 'sparse', but the %s model has no attention profile; tune one with jobs/tune-attention or use 'dense'"
              .formatted(model.family()));
    }
    return attention;
  }

  /** Scale and interval of guidance. */
  public Guidance guidance() {
    return new Guidance(guidanceScale, guidanceStart, guidanceEnd);
  }
}
