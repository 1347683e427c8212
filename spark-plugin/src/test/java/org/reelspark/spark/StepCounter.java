package org.reelspark.spark;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.Success$;
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
    // When an executor is lost, its successful tasks end a second time, for another reason.
    if (event.reason() == Success$.MODULE$) {
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

  /** Events of tasks arrive after their job has ended. */
  void awaitSum(long sum) throws InterruptedException {
    Await.until(
        () -> taken() + resumed() == sum,
        () -> "%d steps taken and %d resumed, not %d".formatted(taken(), resumed(), sum));
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
