package org.reelspark.jobs;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.reelspark.spark.GenerationProgress;

/** A bar of sampler steps with the videos beside it. */
final class ProgressBarDisplay implements ProgressDisplay {
  private static final int UPDATE_MILLIS = 500;

  private final long videos;
  private final TimeLeft timeLeft;
  private final ProgressBar bar;

  ProgressBarDisplay(long videos, long steps, TimeLeft timeLeft) {
    this.videos = videos;
    this.timeLeft = timeLeft;
    this.bar =
        new ProgressBarBuilder()
            .setTaskName("Generating")
            .setStyle(ProgressBarStyle.ASCII)
            .setUnit(" steps", 1)
            .setInitialMax(steps)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .hideEta()
            .build();
  }

  @Override
  public void show(GenerationProgress progress) {
    timeLeft.observe(progress);
    bar.stepTo(Math.min(progress.steps(), bar.getMax()));
    bar.setExtraMessage(ProgressLines.videos(progress, videos) + timeLeft.text());
  }

  @Override
  public void close() {
    bar.close();
  }
}
