package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunSummaryTest {
  @Test
  void countsRowsByOutcomeAndFailuresByCode() {
    RunSummary summary =
        RunSummary.of(
            List.of(
                    VideoRows.generated(1, "a ball", 0.5),
                    VideoRows.generated(2, "a box", 0.7),
                    VideoRows.skipped(3, "a cone"),
                    VideoRows.failed(4, null, "INVALID_PROMPT", "the prompt is null"),
                    VideoRows.failed(5, "x", "INVALID_SIZE", "too small"),
                    VideoRows.failed(6, "y", "INVALID_SIZE", "too large"))
                .iterator(),
            125);

    assertThat(summary.line())
        .isEqualTo(
            "6 rows: 2 generated, 1 skipped, 3 failed (1 INVALID_PROMPT, 2 INVALID_SIZE),"
                + " in 2 min 5 s, sparsity 60%");
    assertThat(summary.failureLines())
        .containsExactly(
            "row 4: INVALID_PROMPT: the prompt is null",
            "row 5: INVALID_SIZE: too small",
            "row 6: INVALID_SIZE: too large");
  }

  @Test
  void saysNothingOfSparsityWhenNothingWasGenerated() {
    RunSummary summary = RunSummary.of(List.of(VideoRows.skipped(1, "a cone")).iterator(), 0.25);

    assertThat(summary.line()).isEqualTo("1 rows: 0 generated, 1 skipped, 0 failed, in 0.3 s");
  }

  @Test
  void keepsOnlySoManyRowsForThePage() {
    RunSummary summary =
        RunSummary.of(Collections.nCopies(700, VideoRows.skipped(1, "a cone")).iterator(), 1);

    assertThat(summary.rows()).isEqualTo(700);
    assertThat(summary.firstRows()).hasSize(500);
    assertThat(VideoPage.html(summary)).contains("The first 500 of 700 rows");
  }
}
