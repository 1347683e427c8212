package org.reelspark.spark;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.jdk.javaapi.CollectionConverters;

/** Adds up the sampler steps of the tasks that succeeded. */
final class StepCounter extends SparkListener {
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong resumed = new AtomicLong();

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    if (event.taskInfo().successful()) {
      CollectionConverters.asJava(event.taskInfo().accumulables()).forEach(this::count);
    }
  }

  private void count(AccumulableInfo accumulable) {
    String name = accumulable.name().getOrElse(() -> "");
    if (name.equals(Metric.STEPS.accumulatorName())) {
      taken.addAndGet((Long) accumulable.update().get());
    } else if (name.equals(Metric.STEPS_RESUMED.accumulatorName())) {
      resumed.addAndGet((Long) accumulable.update().get());
    }
  }

  /** Steps that tasks took. */
  long taken() {
    return taken.get();
  }

  /** Steps that checkpoints spared them. */
  long resumed() {
    return resumed.get();
  }
}
