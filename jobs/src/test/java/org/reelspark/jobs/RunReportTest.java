package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GeneratingTask;
import org.reelspark.spark.GeneratingTask.Outcome;

class RunReportTest {
  private static final long START = 1_700_000_000_000L;

  private static GeneratingTask task(
      String executor, long fromSecond, long toSecond, Outcome outcome, long made, long failed) {
    return new GeneratingTask(
        executor,
        "host<1>",
        START + 1000 * fromSecond,
        START + 1000 * toSecond,
        outcome,
        made,
        0,
        failed,
        new StageTimings(made * 100, made * 700, made * 150, made * 30, made * 20));
  }

  private static Document report(List<GeneratingTask> tasks) {
    long made = tasks.stream().mapToLong(GeneratingTask::generated).sum();
    return Jsoup.parse(
        RunReport.html(
            new RunSummary(made, 0, Map.of("INVALID_SIZE", 2L), 0.5, 100, List.of()),
            tasks,
            made == 0 ? List.of() : List.of(0.25, 0.5)));
  }

  private static final List<GeneratingTask> TASKS =
      List.of(
          task("0", 0, 40, Outcome.SUCCEEDED, 1, 0),
          task("1", 0, 30, Outcome.LOST, 0, 0),
          task("10", 50, 100, Outcome.SUCCEEDED, 1, 0),
          task("0", 40, 60, Outcome.SUCCEEDED, 0, 2));

  @Test
  void showsTheTasksOfEachExecutorAndHowTheyEnded() {
    Document report = report(TASKS);

    assertThat(report.select("text").eachText())
        .contains(
            "executor 0 on host<1>: 60% busy, 1 video",
            "executor 1 on host<1>: 30% busy, 0 videos",
            "executor 10 on host<1>: 50% busy, 1 video",
            "30 s",
            "1 min 30 s");
    assertThat(report.select("rect")).hasSize(4 + 2);
    assertThat(report.select("rect.bad title").eachText()).containsExactly("1 task: lost, 30 s");
    assertThat(report.select("rect.warn")).hasSize(1);
    assertThat(report.text())
        .contains("3 executors, busy 47% of the time; 4 tasks, 1 of them lost")
        .contains("2 videos in 1 min 40 s of generating: 72 an hour");
  }

  @Test
  void lineOfVideosEndsAtTheTopOnTheRight() {
    String points = report(TASKS).selectFirst("polyline.made").attr("points");

    assertThat(points).startsWith("0,200.0 360.0,200.0 360.0,100.0").endsWith(" 900.0,0.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG"})
  void numbersAreWrittenAlikeEverywhere(String language) {
    Locale before = Locale.getDefault();
    String expected = report(TASKS).html();
    try {
      Locale.setDefault(Locale.forLanguageTag(language));
      assertThat(report(TASKS).html()).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void showsAColumnForEachLayer() {
    assertThat(report(TASKS).select("title").eachText()).contains("layer 0: 25%", "layer 1: 50%");
    assertThat(report(TASKS).select("text").eachText()).contains("25%", "50%");
  }

  @Test
  void saysWhereTheTimeWentAndWhatWasWrong() {
    assertThat(report(TASKS).select("tr").eachText())
        .containsExactly(
            "text 0.2 s, 10%",
            "denoise 1.4 s, 70%",
            "decode 0.3 s, 15%",
            "encode 0.1 s, 3%",
            "write 0.0 s, 2%",
            "INVALID_SIZE 2 rows");
  }

  @Test
  void runWithoutTasksHasAReport() {
    Document report = report(List.of());

    assertThat(report.select("rect")).isEmpty();
    assertThat(report.html()).doesNotContain("NaN", "Infinity");
  }

  @Test
  void manyShortTasksAreDrawnAsFewBars() {
    List<GeneratingTask> tasks =
        LongStream.range(0, 10_000)
            .mapToObj(second -> task("0", second, second + 1, Outcome.SUCCEEDED, 1, 0))
            .toList();

    Document report = report(tasks);

    assertThat(report.select("rect")).hasSizeBetween(100, 1000);
    assertThat(report.html().length()).isLessThan(500_000);
    assertThat(report.text()).contains("executor 0 on host<1>: 100% busy, 10000 videos");
  }

  @Test
  void needsNothingFromElsewhere() {
    assertThat(report(TASKS).html()).doesNotContain("http://", "https://", "<script", "{{");
  }
}
