package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GenerationProgress;
import org.reelspark.spark.GenerationProgress.Work;

class ProgressLinesTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private long seconds;
  private final LongSupplier nanoTime = () -> TimeUnit.SECONDS.toNanos(seconds);
  private final ProgressLines progress =
      new ProgressLines(
          new PrintStream(written, true, StandardCharsets.UTF_8),
          nanoTime,
          8,
          128,
          new TimeLeft(128, nanoTime));

  @Test
  void writesALineWhenAVideoIsDone() {
    show(2, 0, 0, 5);
    show(4, 1, 0, 17);
    show(5, 1, 0, 20);
    show(6, 1, 1, 21);

    assertThat(lines())
        .containsExactly(
            "1 of 8 videos, 17 of 128 steps, 4.0 s, about 23 s left",
            "2 of 8 videos, 1 failed, 21 of 128 steps, 6.0 s, about 33 s left");
  }

  @Test
  void writesALineNowAndThenWhileAVideoTakesLong() {
    for (int second = 0; second <= 40; second++) {
      show(second, 0, 0, second + 1);
    }

    assertThat(lines())
        .containsExactly(
            "0 of 8 videos, 16 of 128 steps, 15 s, about 2 min 18 s left",
            "0 of 8 videos, 31 of 128 steps, 30 s, about 2 min 3 s left");
  }

  private void show(long atSecond, long generated, long failed, long steps) {
    seconds = atSecond;
    progress.show(
        new GenerationProgress(
            generated,
            0,
            failed,
            0,
            steps,
            new Work(steps, 0, 0, 0),
            new StageTimings(0, 0, 0, 0, 0)));
  }

  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
