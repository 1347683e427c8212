package org.reelspark.jobs;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;
import org.apache.spark.util.SignalUtils;

/**
 * Has Ctrl-C cancel the running job, which then ends in good order and says so. Left to itself, the
 * JVM would take Spark down under the job, amid stack traces. A second Ctrl-C ends the JVM.
 */
final class KeyboardInterrupt {
  private static final String SIGNAL = "INT";
  private static final String JOB_GROUP = "reelspark";

  private static final AtomicBoolean REGISTERED = new AtomicBoolean();
  private static final AtomicReference<SparkContext> RUNNING = new AtomicReference<>();

  private KeyboardInterrupt() {}

  /** From now on, for the Spark jobs of the calling thread. */
  static void cancelsJobsOf(SparkContext context) {
    context.setJobGroup(JOB_GROUP, context.appName(), false);
    RUNNING.set(context);
    if (REGISTERED.compareAndSet(false, true)) {
      SignalUtils.register(SIGNAL, KeyboardInterrupt::cancel);
    }
  }

  /** Returns whether there was anything to cancel; else the signal goes to the JVM. */
  static boolean cancel() {
    SparkContext context = RUNNING.getAndSet(null);
    if (context == null || context.isStopped()) {
      return false;
    }
    context.cancelJobGroupAndFutureJobs(JOB_GROUP);
    return true;
  }
}
