package org.reelspark.jobs;

import static org.reelspark.jobs.HtmlTemplate.escape;

import java.util.Map;
import org.reelspark.jobs.VideoRow.Failure;
import org.reelspark.jobs.VideoRow.Settings;
import org.reelspark.jobs.VideoRow.Video;

/**
 * The page that plays a run's videos side by side. It needs nothing but the files beside it: links
 * are relative, style and script are inside.
 */
final class VideoPage {
  private static final int LONGEST_PROMPT_SHOWN = 400;

  private VideoPage() {}

  static String html(RunSummary summary) {
    StringBuilder cards = new StringBuilder();
    summary.firstRows().forEach(row -> cards.append(card(row)));
    if (summary.rows() > summary.firstRows().size()) {
      cards.append(
          "<p class=\"more\">The first %d of %d rows; the manifest has all.</p>\n"
              .formatted(summary.firstRows().size(), summary.rows()));
    }
    return HtmlTemplate.fill(
        "video-page.html", Map.of("summary", escape(summary.line()), "cards", cards.toString()));
  }

  private static String card(VideoRow row) {
    return """
        <article class="card %s">
        %s
        <div class="text">
        <p class="prompt">%s</p>
        <p class="facts"><span class="status">%s</span>%s</p>
        </div>
        </article>
        """
        .formatted(
            escape(row.status()),
            row.video().map(VideoPage::player).orElse("")
                + row.error().map(VideoPage::error).orElse(""),
            prompt(row),
            escape(row.status()),
            row.settings().map(VideoPage::settings).orElse("")
                + row.video().map(VideoPage::figures).orElse(""));
  }

  private static String player(Video video) {
    String path = escape(video.path());
    if (path.endsWith(".mp4")) {
      return "<video src=\"%s\" preload=\"metadata\" loop muted playsinline controls></video>"
          .formatted(path);
    }
    return "<img src=\"%s\" alt=\"\" loading=\"lazy\">".formatted(path);
  }

  private static String error(Failure failure) {
    return "<div class=\"error\"><b>%s</b><span>%s</span></div>"
        .formatted(escape(failure.code()), escape(failure.message()));
  }

  private static String prompt(VideoRow row) {
    String prompt = row.prompt();
    if (prompt == null || prompt.isBlank()) {
      return "(no prompt in row %d)".formatted(row.number());
    }
    if (prompt.length() > LONGEST_PROMPT_SHOWN) {
      return escape(prompt.substring(0, LONGEST_PROMPT_SHOWN)) + " ...";
    }
    return escape(prompt);
  }

  private static String settings(Settings settings) {
    return " &middot; %d&times;%d, %d frames &middot; seed %d &middot; %d steps &middot; guidance %s &middot; %s"
        .formatted(
            settings.width(),
            settings.height(),
            settings.frames(),
            settings.seed(),
            settings.steps(),
            settings.guidance(),
            escape(settings.attention()));
  }

  private static String figures(Video video) {
    return " &middot; sparsity %.0f%% &middot; %s"
        .formatted(100 * video.sparsity(), Durations.text(video.seconds()));
  }
}
