package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.spark.Success$;
import org.apache.spark.TaskState;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.Test;
import org.reelspark.spark.GeneratingTask.Outcome;
import scala.Option;
import scala.Tuple4;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Events as Spark sends them. */
class ProgressListenerTest {
  private static final int STAGE = 3;
  private static final Map<Long, Metric> METRICS =
      Map.of(100L, Metric.GENERATED, 101L, Metric.SKIPPED, 102L, Metric.STEPS);

  private final ProgressListener listener = new ProgressListener(METRICS);

  @Test
  void addsUpTheTasksOfAStage() {
    end(task(1, 0, TaskState.FINISHED(), 2, 0, 20));
    end(task(2, 1, TaskState.FINISHED(), 1, 1, 10));

    assertThat(listener.progress().generated()).isEqualTo(3);
    assertThat(listener.progress().skipped()).isEqualTo(1);
    assertThat(listener.progress().steps()).isEqualTo(30);
  }

  @Test
  void attemptThatFailedCountsForNothing() {
    end(task(1, 0, TaskState.FAILED(), 1, 0, 15));
    end(task(2, 0, TaskState.FINISHED(), 1, 1, 10));

    assertThat(listener.progress().generated()).isEqualTo(1);
    assertThat(listener.progress().steps()).isEqualTo(10);
    assertThat(listener.tasks())
        .extracting(GeneratingTask::outcome)
        .containsExactly(Outcome.LOST, Outcome.SUCCEEDED);
  }

  @Test
  void taskThatIsLostBeforeItsFirstHeartbeatIsKnownByItsStage() {
    end(task(1, 0, TaskState.FINISHED(), 1, 0, 10));
    end(silentTask(2, TaskState.FAILED()));
    listener.onTaskEnd(taskEnd(STAGE + 1, silentTask(3, TaskState.FAILED())));
    end(silentTask(4, TaskState.FINISHED()));

    assertThat(listener.tasks())
        .extracting(GeneratingTask::outcome)
        .containsExactly(Outcome.SUCCEEDED, Outcome.LOST);
  }

  @Test
  void stageOfALostTaskIsKnownByTheHeartbeatsOfOthers() {
    heartbeat(1, 1);
    end(silentTask(2, TaskState.FAILED()));

    assertThat(listener.tasks()).extracting(GeneratingTask::outcome).containsExactly(Outcome.LOST);
    assertThat(listener.progress().generated()).isEqualTo(1);
  }

  private void heartbeat(long task, long generated) {
    Tuple4<Object, Object, Object, Seq<AccumulableInfo>> update =
        new Tuple4<>(task, STAGE, 0, sequence(accumulable(100, generated)));
    listener.onExecutorMetricsUpdate(
        new SparkListenerExecutorMetricsUpdate("1", sequence(update), Map$.MODULE$.empty()));
  }

  @SafeVarargs
  private static <T> Seq<T> sequence(T... elements) {
    return CollectionConverters.asScala(List.of(elements)).toSeq();
  }

  @Test
  void taskThatEndsASecondTimeCountsOnce() {
    TaskInfo task = task(1, 0, TaskState.FINISHED(), 2, 0, 20);
    end(task);
    end(task);

    assertThat(listener.progress().generated()).isEqualTo(2);
    assertThat(listener.tasks()).hasSize(1);
  }

  @Test
  void partitionThatRunsAgainFindsItsVideosAndCountsAsBefore() {
    end(task(1, 0, TaskState.FINISHED(), 2, 0, 20));
    end(task(2, 0, TaskState.FINISHED(), 0, 2, 0));

    assertThat(listener.progress().generated()).isEqualTo(2);
    assertThat(listener.progress().skipped()).isZero();
    assertThat(listener.progress().steps()).isEqualTo(20);
  }

  private void end(TaskInfo task) {
    listener.onTaskEnd(taskEnd(STAGE, task));
  }

  private static SparkListenerTaskEnd taskEnd(int stage, TaskInfo task) {
    return new SparkListenerTaskEnd(stage, 0, "ShuffleMapTask", Success$.MODULE$, task, null, null);
  }

  private static TaskInfo silentTask(long id, scala.Enumeration.Value state) {
    TaskInfo task = new TaskInfo(id, 0, 0, 0, 0, "1", "host", TaskLocality.ANY(), false);
    task.markFinished(state, 1000);
    return task;
  }

  private static TaskInfo task(
      long id,
      int partition,
      scala.Enumeration.Value state,
      long generated,
      long skipped,
      long steps) {
    TaskInfo task =
        new TaskInfo(id, partition, 0, partition, 0, "1", "host", TaskLocality.ANY(), false);
    task.setAccumulables(
        sequence(accumulable(100, generated), accumulable(101, skipped), accumulable(102, steps)));
    task.markFinished(state, 1000);
    return task;
  }

  private static AccumulableInfo accumulable(long id, long update) {
    return new AccumulableInfo(
        id,
        Option.apply("reelspark"),
        Option.apply(update),
        Option.apply(update),
        false,
        false,
        Option.empty());
  }
}
