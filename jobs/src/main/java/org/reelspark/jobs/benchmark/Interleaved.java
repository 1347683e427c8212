package org.reelspark.jobs.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times several tasks in turn, round after round, so that a machine that slows down slows all of
 * them: what counts are ratios within a round.
 */
final class Interleaved {
  /**
   * @param operations floating-point operations of one run, or bytes that it moves
   * @param run one run, ended when it returns
   */
  record Task(String name, double operations, Runnable run) {}

  /**
   * @param seconds median time of one run
   * @param relativeRate median over rounds of this task's operations per second over those of the
   *     round's first task
   */
  record Timing(Task task, double seconds, double relativeRate) {
    double billionsPerSecond() {
      return task.operations() / seconds / 1e9;
    }
  }

  private Interleaved() {}

  /** Times the tasks; the first is the yardstick of the others. */
  static List<Timing> time(List<Task> tasks, int warmUpRounds, int rounds) {
    double[][] seconds = new double[tasks.size()][rounds];
    for (int round = -warmUpRounds; round < rounds; round++) {
      for (int i = 0; i < tasks.size(); i++) {
        long start = System.nanoTime();
        tasks.get(i).run().run();
        double elapsed = (System.nanoTime() - start) / 1e9;
        if (round >= 0) {
          seconds[i][round] = elapsed;
        }
      }
    }
    List<Timing> timings = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      double[] relative = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        relative[round] =
            tasks.get(i).operations()
                / seconds[i][round]
                / (tasks.get(0).operations() / seconds[0][round]);
      }
      timings.add(new Timing(tasks.get(i), median(seconds[i]), median(relative)));
    }
    return timings;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
