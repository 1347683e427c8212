package org.reelspark.spark;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/** Cancels jobs that could only wait for ever, those that run and those that come. */
final class JobStopper extends SparkListener {
  private final SparkContext context;
  private final Set<Integer> runningJobs = new TreeSet<>();
  private Optional<String> reason = Optional.empty();

  JobStopper(SparkContext context) {
    this.context = context;
  }

  /** Cancels every job from now on, and says why. */
  synchronized void stop(String why) {
    // Continues Spark's "Job 7 cancelled".
    String continuation = "because " + why;
    reason = Optional.of(continuation);
    runningJobs.forEach(job -> context.cancelJob(job, continuation));
  }

  /** Lets jobs run again. */
  synchronized void resume() {
    reason = Optional.empty();
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart event) {
    runningJobs.add(event.jobId());
    reason.ifPresent(why -> context.cancelJob(event.jobId(), why));
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd event) {
    runningJobs.remove(event.jobId());
  }
}
