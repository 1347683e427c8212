package org.reelspark.generate;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;
import org.reelspark.video.ContactSheet;
import org.reelspark.video.Frames;
import org.reelspark.video.VideoEncoder;

/** Takes a planned request from text to an encoded video. */
final class VideoRenderer {
  private static final int PREVIEW_COLUMNS = 4;
  private static final int PREVIEW_ROWS = 2;

  private final SharedModel model;
  private final VideoOutput output;
  private final GenerationListener listener;
  private final Cancellation cancellation;

  VideoRenderer(
      SharedModel model,
      VideoOutput output,
      GenerationListener listener,
      Cancellation cancellation) {
    this.model = model;
    this.output = output;
    this.listener = listener;
    this.cancellation = cancellation;
  }

  EncodedVideo render(PlannedGeneration plan) {
    try (StepCheckpoints checkpoints = output.checkpoints(plan.key());
        DecodedVideo decoded = decodedVideo(plan, checkpoints)) {
      GenerationRequest request = plan.request();
      Tensor rgb = decoded.rgb();
      Frames frames =
          new Frames(
              rgb.shape().intSize(0), rgb.shape().intSize(1), rgb.shape().intSize(2), rgb.buffer());
      Stopwatch stopwatch = new Stopwatch();
      byte[] file = VideoEncoder.encode(frames, request.framesPerSecond(), request.format());
      byte[] preview = ContactSheet.png(frames, PREVIEW_COLUMNS, PREVIEW_ROWS);
      StageTimings timings =
          new StageTimings(
              decoded.textMillis(),
              decoded.denoiseMillis(),
              decoded.decodeMillis(),
              stopwatch.lapMillis(),
              0);
      return new EncodedVideo(
          plan.key(),
          request,
          file,
          preview,
          plan.tokens(),
          decoded.statistics().sparsity(),
          decoded.cachedRuns(),
          decoded.arithmetic(),
          timings);
    }
  }

  /** Files are read before the model's turn comes, and written on while it takes further steps. */
  private DecodedVideo decodedVideo(PlannedGeneration plan, StepCheckpoints checkpoints) {
    Optional<DenoiseState> start = checkpoints.find();
    Stopwatch stopwatch = new Stopwatch();
    return model.exclusively(
        cancellation,
        videoModel -> {
          listener.waited(stopwatch.lapMillis());
          return decodedVideo(videoModel, plan, start, observer(checkpoints), stopwatch);
        });
  }

  private DecodedVideo decodedVideo(
      VideoModel videoModel,
      PlannedGeneration plan,
      Optional<DenoiseState> start,
      DenoiseObserver observer,
      Stopwatch stopwatch) {
    GenerationRequest request = plan.request();
    try (TextEmbedding prompt = videoModel.encodeText(request.prompt());
        TextEmbedding negative = negativeEmbedding(videoModel, request)) {
      long textMillis = stopwatch.lapMillis();
      DenoiseRequest denoiseRequest =
          new DenoiseRequest(
              plan.geometry(),
              request.steps(),
              request.guidance(),
              request.seed(),
              profile(request, videoModel.description()),
              request.cacheThreshold());
      try (DenoiseResult denoised =
          videoModel.denoise(denoiseRequest, start, prompt, negative, observer)) {
        long denoiseMillis = stopwatch.lapMillis();
        cancellation.check();
        Tensor rgb = videoModel.decode(denoised.latents());
        return new DecodedVideo(
            rgb,
            denoised.statistics(),
            denoised.cachedRuns(),
            videoModel.arithmetic(),
            textMillis,
            denoiseMillis,
            stopwatch.lapMillis());
      }
    }
  }

  /** Null without guidance, as {@link VideoModel#denoise} allows. */
  private static TextEmbedding negativeEmbedding(VideoModel model, GenerationRequest request) {
    return request.guidance().guidesAnyOf(request.steps())
        ? model.encodeText(request.negativePrompt())
        : null;
  }

  private static AttentionProfile profile(GenerationRequest request, ModelDescription model) {
    return switch (request.attention()) {
      case DENSE -> AttentionProfile.DENSE;
      case SPARSE -> model.profile().orElseThrow();
    };
  }

  private DenoiseObserver observer(StepCheckpoints checkpoints) {
    return new DenoiseObserver() {
      @Override
      public void beforeStep(int step, int steps) {
        cancellation.check();
        listener.stepStarted(step, steps);
      }

      @Override
      public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
        if (checkpoints.isDue(stepsDone, steps)) {
          checkpoints.save(state);
        }
      }

      @Override
      public void afterRun(List<AttentionStatistics> layers) {
        listener.attended(layers);
      }
    };
  }

  private record DecodedVideo(
      Tensor rgb,
      AttentionStatistics statistics,
      int cachedRuns,
      String arithmetic,
      long textMillis,
      long denoiseMillis,
      long decodeMillis)
      implements AutoCloseable {
    @Override
    public void close() {
      rgb.close();
    }
  }

  private static final class Stopwatch {
    private long lapStart = System.nanoTime();

    /** Time since the last lap or the start. */
    long lapMillis() {
      long now = System.nanoTime();
      long millis = TimeUnit.NANOSECONDS.toMillis(now - lapStart);
      lapStart = now;
      return millis;
    }
  }
}
