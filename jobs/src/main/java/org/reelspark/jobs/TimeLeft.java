package org.reelspark.jobs;

import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GenerationProgress;
import org.reelspark.spark.GenerationProgress.Work;

/**
 * When a run will end, by the speed at which it has worked since its first sampler step. What an
 * earlier run left, in checkpoints or as finished videos, is no work of this one.
 *
 * <p>Besides its sampler steps a video takes text, decoding, encoding and writing, in all some
 * fraction of the time of its steps, which finished videos tell.
 */
final class TimeLeft {
  /** The fraction before any video is finished. */
  private static final double USUAL_OTHER_STAGES = 0.2;

  private final double plannedWork;
  private final LongSupplier nanoTime;

  private Work first;
  private long firstNanos;
  private Work latest;
  private long latestNanos;
  private double otherStages = USUAL_OTHER_STAGES;

  /**
   * @param plannedWork tokens x model runs of the steps of all videos that are to be made
   */
  TimeLeft(long plannedWork, LongSupplier nanoTime) {
    this.plannedWork = plannedWork;
    this.nanoTime = nanoTime;
  }

  /** Takes progress as it is now; more than once between two changes does no harm. */
  void observe(GenerationProgress progress) {
    Work work = progress.work();
    if (work.taken() == 0 || work.equals(latest)) {
      return;
    }
    latest = work;
    latestNanos = nanoTime.getAsLong();
    if (first == null) {
      first = latest;
      firstNanos = latestNanos;
    }
    otherStages = otherStages(work, progress.timings());
  }

  /** Nothing before there is a speed to go by, and when the time should be over. */
  OptionalDouble seconds() {
    if (first == null) {
      return OptionalDouble.empty();
    }
    double done = done(latest) - done(first);
    double left = left(latest) * (latestNanos - firstNanos) / done;
    left -= nanoTime.getAsLong() - latestNanos;
    return done > 0 && left > 0
        ? OptionalDouble.of(left / TimeUnit.SECONDS.toNanos(1))
        : OptionalDouble.empty();
  }

  /** Such as {@code , about 28 s left}, or nothing. */
  String text() {
    OptionalDouble seconds = seconds();
    return seconds.isPresent()
        ? ", about %s left".formatted(Durations.text(seconds.getAsDouble()))
        : "";
  }

  /** What this run has done, in units of sampler steps' work. */
  private double done(Work work) {
    return work.taken() + otherStages * finished(work);
  }

  private double left(Work work) {
    double stepsLeft = plannedWork - work.taken() - work.spared();
    return stepsLeft + otherStages * (plannedWork - finished(work));
  }

  private static double finished(Work work) {
    return work.finishedTaken() + work.finishedSpared();
  }

  /** A video that a checkpoint spared some steps still takes its other stages whole. */
  private static double otherStages(Work work, StageTimings timings) {
    if (work.finishedTaken() == 0 || timings.denoiseMillis() == 0) {
      return USUAL_OTHER_STAGES;
    }
    double otherMillis =
        timings.textMillis()
            + timings.decodeMillis()
            + timings.encodeMillis()
            + timings.writeMillis();
    double stepsPerWork = (double) timings.denoiseMillis() / work.finishedTaken();
    return otherMillis / finished(work) / stepsPerWork;
  }
}
