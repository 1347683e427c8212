package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.Test;

class VideoPageTest {
  private static final String HOSTILE = "<script>alert('1')</script> & \"more\"";

  @Test
  void playsEachVideoBesideItsPromptAndSettings() {
    Document page = page(VideoRows.generated(1, "a red ball", 0.53));
    Element card = page.selectFirst(".card.generated");

    assertThat(card.selectFirst("video").attr("src")).isEqualTo("ab/abcd.mp4");
    assertThat(card.selectFirst(".prompt").text()).isEqualTo("a red ball");
    assertThat(card.selectFirst(".facts").text())
        .contains("generated", "128×96", "65 frames", "seed 7", "16 steps", "guidance 3.5")
        .contains("sparse", "sparsity 53%", "13 s");
  }

  @Test
  void showsAnimationsAsPictures() {
    assertThat(page(VideoRows.skipped(1, "a cone")).selectFirst(".card.skipped img").attr("src"))
        .isEqualTo("ab/abcd.gif");
  }

  @Test
  void saysWhyARowHasNoVideo() {
    Element card =
        page(VideoRows.failed(3, null, "INVALID_PROMPT", "the prompt is null"))
            .selectFirst(".card.failed");

    assertThat(card.select("video")).isEmpty();
    assertThat(card.selectFirst(".error").text()).isEqualTo("INVALID_PROMPTthe prompt is null");
    assertThat(card.selectFirst(".prompt").text()).isEqualTo("(no prompt in row 3)");
  }

  @Test
  void showsHostileTextsAsText() {
    Document page =
        page(
            VideoRows.generated(1, HOSTILE, 0),
            VideoRows.failed(2, HOSTILE, "INVALID_PROMPT", HOSTILE));

    assertThat(page.select("script")).hasSize(1);
    assertThat(page.select(".prompt").eachText()).containsExactly(HOSTILE, HOSTILE);
    assertThat(page.selectFirst(".error span").text()).isEqualTo(HOSTILE);
  }

  @Test
  void cutsPromptsThatWouldFillThePage() {
    String prompt = page(VideoRows.generated(1, "x".repeat(100_000), 0)).select(".prompt").text();

    assertThat(prompt).endsWith("x ...").hasSizeLessThan(500);
  }

  @Test
  void needsNothingFromElsewhere() {
    Document page = page(VideoRows.generated(1, "a ball", 0), VideoRows.skipped(2, "a cone"));

    assertThat(page.select("link, script[src], iframe")).isEmpty();
    assertThat(page.select("[src]").eachAttr("src"))
        .noneMatch(link -> link.matches("[a-z]+:.*|/.*"));
  }

  private static Document page(VideoRow... rows) {
    return Jsoup.parse(VideoPage.html(RunSummary.of(List.of(rows).iterator(), 60)));
  }
}
