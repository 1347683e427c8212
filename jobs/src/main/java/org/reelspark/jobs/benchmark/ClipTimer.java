package org.reelspark.jobs.benchmark;

import org.reelspark.attention.AttentionProfile;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;
import org.reelspark.video.Frames;
import org.reelspark.video.VideoEncoder;
import org.reelspark.video.VideoFormat;

/** Times one clip of a loaded model, from prompt to MP4. */
final class ClipTimer {
  private static final String PROMPT = "a red square moves right";
  private static final long SEED = 7;

  /** Seconds of one clip by stage, and the fraction of attention that was skipped. */
  record Clip(double text, double denoise, double decode, double encode, double sparsity) {
    double total() {
      return text + denoise + decode + encode;
    }
  }

  private final VideoModel model;
  private final VideoGeometry geometry;
  private final int steps;

  ClipTimer(VideoModel model, VideoGeometry geometry, int steps) {
    this.model = model;
    this.geometry = geometry;
    this.steps = steps;
  }

  Clip time(AttentionProfile profile) {
    GenerationDefaults defaults = model.description().defaults();
    DenoiseRequest request =
        new DenoiseRequest(
            geometry, steps, Guidance.throughout(defaults.guidanceScale()), SEED, profile);
    long start = System.nanoTime();
    try (TextEmbedding prompt = model.encodeText(PROMPT);
        TextEmbedding negative = model.encodeText("")) {
      long encoded = System.nanoTime();
      try (DenoiseResult result = model.denoise(request, prompt, negative, DenoiseObserver.NONE)) {
        long denoised = System.nanoTime();
        try (Tensor pictures = model.decode(result.latents())) {
          long decoded = System.nanoTime();
          Frames frames =
              new Frames(geometry.frames(), geometry.height(), geometry.width(), pictures.buffer());
          VideoEncoder.encode(frames, defaults.framesPerSecond(), VideoFormat.MP4_H264);
          return new Clip(
              (encoded - start) / 1e9,
              (denoised - encoded) / 1e9,
              (decoded - denoised) / 1e9,
              (System.nanoTime() - decoded) / 1e9,
              result.statistics().sparsity());
        }
      }
    }
  }
}
