package org.reelspark.jobs.benchmark;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.Judge;
import org.reelspark.jobs.judge.Verdict;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.Tensor;
import org.reelspark.video.Frames;

/**
 * Generates and judges clips.
 *
 * @param geometry size of the clips
 */
record QualityMeasurement(VideoModel model, VideoGeometry geometry, int steps) {
  private static final OperatingSystemMXBean PROCESS =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /**
   * A judged clip.
   *
   * @param pictures U8 {@code [frames, height, width, 3]}
   * @param sparsity fraction of attention that was skipped
   * @param modelRuns that computed all blocks
   * @param seconds of processor time for all steps
   */
  record Result(Verdict verdict, Tensor pictures, double sparsity, int modelRuns, double seconds)
      implements AutoCloseable {
    /**
     * Peak signal-to-noise ratio in decibels against another clip of equal size; infinite when they
     * are equal.
     */
    double peakSignalToNoise(Result other) {
      ByteBuffer found = pictures.buffer();
      ByteBuffer expected = other.pictures.buffer();
      double squares = 0;
      for (int i = 0; i < found.capacity(); i++) {
        double difference = (found.get(i) & 0xff) - (expected.get(i) & 0xff);
        squares += difference * difference;
      }
      return 10 * Math.log10(255.0 * 255 * found.capacity() / squares);
    }

    @Override
    public void close() {
      pictures.close();
    }
  }

  Result measure(Clip clip, long seed, QualityVariant variant) {
    DenoiseRequest request =
        new DenoiseRequest(
            geometry, steps, variant.guidance(), seed, variant.profile(), variant.cacheThreshold());
    try (TextEmbedding prompt = model.encodeText(clip.caption());
        TextEmbedding negative = model.encodeText("")) {
      long start = PROCESS.getProcessCpuTime();
      try (DenoiseResult result = model.denoise(request, prompt, negative, DenoiseObserver.NONE)) {
        double seconds = (PROCESS.getProcessCpuTime() - start) / 1e9;
        Tensor pictures = model.decode(result.latents());
        Frames frames =
            new Frames(geometry.frames(), geometry.height(), geometry.width(), pictures.buffer());
        return new Result(
            Judge.judge(frames, clip),
            pictures,
            result.statistics().sparsity(),
            variant.guidance().modelRuns(steps) - result.cachedRuns(),
            seconds);
      }
    }
  }
}
