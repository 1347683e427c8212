package org.reelspark.jobs.judge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClipTest {
  /** Every clip that a caption can ask for. */
  static List<Clip> all() {
    List<Clip> clips = new ArrayList<>();
    for (Colour colour : Colour.values()) {
      for (Outline outline : Outline.values()) {
        for (Direction direction : Direction.values()) {
          if (direction != Direction.NONE) {
            for (Clip.Size size : Clip.Size.values()) {
              for (Clip.Speed speed : Clip.Speed.values()) {
                for (Background background : Background.values()) {
                  clips.add(new Clip(colour, outline, direction, size, speed, background));
                }
              }
            }
          }
        }
      }
    }
    return clips;
  }

  @Test
  void readsTheCaptionOfEveryClip() {
    assertThat(all()).hasSize(896).allSatisfy(this::isReadFromItsCaption);
  }

  private void isReadFromItsCaption(Clip clip) {
    assertThat(Clip.parse(clip.caption())).contains(clip);
  }

  @Test
  void namesAllAttributesInOrder() {
    Clip clip =
        new Clip(
            Colour.CYAN,
            Outline.CROSS,
            Direction.UP,
            Clip.Size.LARGE,
            Clip.Speed.SLOW,
            Background.GRAY);

    assertThat(clip.caption()).isEqualTo("a large cyan cross moves up slowly on a gray background");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a cat",
        "a red square",
        "a pink square moves up",
        "a red square moves none",
        "a red square moves up slowly on a blue background",
        "A red square moves up",
        "a red square moves up and down"
      })
  void refusesOtherCaptions(String caption) {
    assertThat(Clip.parse(caption)).isEmpty();
  }

  @Test
  void judgesOneHundredDifferentPromptsWithEveryAttribute() {
    List<Clip> prompts = JudgePrompts.all();

    assertThat(prompts).hasSize(100);
    assertThat(new HashSet<>(prompts)).hasSize(100);
    assertThat(prompts).extracting(Clip::colour).contains(Colour.values());
    assertThat(prompts).extracting(Clip::outline).contains(Outline.values());
    assertThat(prompts).extracting(Clip::background).contains(Background.values());
  }
}
