package org.reelspark.jobs.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.video.Frames;

class JudgeTest {
  private static final String GOLDENS = "/goldens/judge/";

  /** A clip that {@code goldens_judge.py} has made, and what the Python judge sees in it. */
  record Golden(String name, Frames frames, Optional<Observation> seen) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Golden> goldens() throws IOException {
    JsonNode file =
        new ObjectMapper().readTree(JudgeTest.class.getResource(GOLDENS + "clips.json"));
    BufferedImage sheet = ImageIO.read(JudgeTest.class.getResource(GOLDENS + "clips.png"));
    int frames = file.get("frames").intValue();
    int side = file.get("side").intValue();
    List<Golden> goldens = new ArrayList<>();
    for (JsonNode golden : file.get("cases")) {
      goldens.add(
          new Golden(
              golden.get("rendered").textValue() + ", " + golden.get("perturbation").textValue(),
              cut(sheet, goldens.size() * side, frames, side),
              observation(golden.get("seen"))));
    }
    return goldens;
  }

  private static Frames cut(BufferedImage sheet, int top, int frames, int side) {
    ByteBuffer rgb = ByteBuffer.allocateDirect(3 * frames * side * side);
    for (int frame = 0; frame < frames; frame++) {
      for (int i = 0; i < side * side; i++) {
        int pixel = sheet.getRGB(frame * side + i % side, top + i / side);
        rgb.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
      }
    }
    return new Frames(frames, side, side, rgb.flip());
  }

  private static Optional<Observation> observation(JsonNode seen) {
    if (seen.get("color").isNull()) {
      return Optional.empty();
    }
    return Optional.of(
        new Observation(
            Colour.valueOf(upper(seen.get("color"))),
            Outline.valueOf(upper(seen.get("shape"))),
            Direction.valueOf(upper(seen.get("direction"))),
            seen.get("background").textValue().isEmpty() ? Background.BLACK : Background.GRAY));
  }

  private static String upper(JsonNode text) {
    return text.textValue().toUpperCase(Locale.ROOT);
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void seesWhatThePythonJudgeSees(Golden golden) {
    assertThat(Judge.observe(golden.frames())).isEqualTo(golden.seen());
  }

  @Test
  void passesEveryClipThatIsDrawnAsAsked() {
    assertThat(ClipTest.all())
        .allSatisfy(
            clip ->
                assertThat(Judge.judge(ClipRenderer.render(clip, 9, 48), clip))
                    .isEqualTo(new Verdict(true, true, true, true)));
  }

  @Test
  void failsOnlyTheAttributeThatDiffers() {
    Clip asked = Clip.parse("a red square moves up").orElseThrow();

    assertThat(judge("a blue square moves up", asked))
        .isEqualTo(new Verdict(false, true, true, true));
    assertThat(judge("a red circle moves up", asked))
        .isEqualTo(new Verdict(true, false, true, true));
    assertThat(judge("a red square moves left", asked))
        .isEqualTo(new Verdict(true, true, false, true));
    assertThat(judge("a red square moves up on a gray background", asked))
        .isEqualTo(new Verdict(true, true, true, false));
  }

  private static Verdict judge(String shown, Clip asked) {
    return Judge.judge(ClipRenderer.render(Clip.parse(shown).orElseThrow(), 9, 48), asked);
  }

  @Test
  void failsEverythingWhenNothingIsShown() {
    Frames black = new Frames(5, 8, 8, ByteBuffer.allocateDirect(3 * 5 * 8 * 8));

    assertThat(Judge.judge(black, Clip.parse("a red square moves up").orElseThrow()))
        .isEqualTo(new Verdict(false, false, false, false));
  }
}
