package org.reelspark.jobs.judge;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.reelspark.video.Frames;

/**
 * Reads colour, shape, direction and background from the pictures of a clip alone, as {@code
 * notebooks/sample-model/sample_model/judge.py} does.
 */
public final class Judge {
  /** Largest difference of a channel from the background that still counts as background. */
  private static final float FOREGROUND_CONTRAST = 0.25f;

  /** A frame with fewer object pixels than this shows no object. */
  private static final int SMALLEST_OBJECT = 9;

  private static final int CHANNELS = 3;
  private static final int SHAPE_VOTES = 8;
  private static final int TEMPLATE_SIDE = 32;
  private static final Map<Outline, Mask> TEMPLATES = templates();

  /** A level in [0, 1] for each byte. */
  private static final float[] LEVELS = levels();

  private Judge() {}

  /** Compares a clip with what its caption asks for. */
  public static Verdict judge(Frames frames, Clip asked) {
    return Verdict.of(asked, observe(frames));
  }

  /** Empty when more than half of the pictures show no object. */
  public static Optional<Observation> observe(Frames frames) {
    float[] background = background(frames);
    List<Mask> masks = new ArrayList<>();
    int[] votes = new int[Colour.values().length];
    for (int frame = 0; frame < frames.count(); frame++) {
      Mask mask = foreground(frames, frame, background, votes);
      if (mask.count() >= SMALLEST_OBJECT) {
        masks.add(mask);
      }
    }
    if (masks.isEmpty() || masks.size() < frames.count() / 2) {
      return Optional.empty();
    }
    return Optional.of(
        new Observation(
            Colour.values()[indexOfLargest(votes)],
            outline(masks),
            direction(masks),
            Background.of((background[0] + background[1] + background[2]) / CHANNELS)));
  }

  /** Per channel, the lower median of the corners of all pictures. */
  private static float[] background(Frames frames) {
    int right = frames.width() - 1;
    int bottom = frames.height() - 1;
    float[][] corners = new float[CHANNELS][4 * frames.count()];
    for (int frame = 0; frame < frames.count(); frame++) {
      for (int channel = 0; channel < CHANNELS; channel++) {
        corners[channel][4 * frame] = level(frames, frame, 0, 0, channel);
        corners[channel][4 * frame + 1] = level(frames, frame, 0, right, channel);
        corners[channel][4 * frame + 2] = level(frames, frame, bottom, 0, channel);
        corners[channel][4 * frame + 3] = level(frames, frame, bottom, right, channel);
      }
    }
    float[] background = new float[CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      Arrays.sort(corners[channel]);
      background[channel] = corners[channel][(corners[channel].length - 1) / 2];
    }
    return background;
  }

  /**
   * The object of one picture.
   *
   * @param votes counts each of its pixels for the nearest colour
   */
  private static Mask foreground(Frames frames, int frame, float[] background, int[] votes) {
    boolean[] inside = new boolean[frames.height() * frames.width()];
    float[] pixel = new float[CHANNELS];
    for (int i = 0; i < inside.length; i++) {
      float contrast = 0;
      for (int channel = 0; channel < CHANNELS; channel++) {
        pixel[channel] = level(frames, frame, i / frames.width(), i % frames.width(), channel);
        contrast = Math.max(contrast, Math.abs(pixel[channel] - background[channel]));
      }
      inside[i] = contrast > FOREGROUND_CONTRAST;
      if (inside[i]) {
        votes[Colour.nearest(pixel).ordinal()]++;
      }
    }
    return new Mask(frames.height(), frames.width(), inside);
  }

  /** From the object's mean place in the first quarter of its pictures to that in the last. */
  private static Direction direction(List<Mask> masks) {
    int quarter = Math.max(1, masks.size() / 4);
    List<Mask> first = masks.subList(0, quarter);
    List<Mask> last = masks.subList(masks.size() - quarter, masks.size());
    double wayX =
        last.stream().mapToDouble(Mask::centreX).average().orElseThrow()
            - first.stream().mapToDouble(Mask::centreX).average().orElseThrow();
    double wayY =
        last.stream().mapToDouble(Mask::centreY).average().orElseThrow()
            - first.stream().mapToDouble(Mask::centreY).average().orElseThrow();
    return Direction.of(wayX / masks.get(0).width(), wayY / masks.get(0).height());
  }

  /** The shape whose template overlaps the object best, by a vote of about eight pictures. */
  private static Outline outline(List<Mask> masks) {
    // In the order of first votes, which decides between equals.
    Map<Outline, Integer> votes = new LinkedHashMap<>();
    int step = Math.max(1, masks.size() / SHAPE_VOTES);
    for (int i = 0; i < masks.size(); i += step) {
      votes.merge(outline(masks.get(i).normalised(TEMPLATE_SIDE)), 1, Integer::sum);
    }
    int most = votes.values().stream().max(Integer::compare).orElseThrow();
    return votes.entrySet().stream()
        .filter(vote -> vote.getValue() == most)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static Outline outline(Mask object) {
    Outline best = Outline.CIRCLE;
    for (Outline outline : Outline.values()) {
      if (object.overlap(TEMPLATES.get(outline)) > object.overlap(TEMPLATES.get(best))) {
        best = outline;
      }
    }
    return best;
  }

  private static Map<Outline, Mask> templates() {
    int side = 240;
    float end = 1.2f;
    Map<Outline, Mask> templates = new EnumMap<>(Outline.class);
    for (Outline outline : Outline.values()) {
      boolean[] inside = new boolean[side * side];
      for (int i = 0; i < inside.length; i++) {
        float x = end * (2 * (i % side) - side + 1) / (side - 1);
        float y = end * (2 * (i / side) - side + 1) / (side - 1);
        inside[i] = outline.signedDistance(x, y, 1) < 0;
      }
      templates.put(outline, new Mask(side, side, inside).normalised(TEMPLATE_SIDE));
    }
    return templates;
  }

  private static int indexOfLargest(int[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  private static float level(Frames frames, int frame, int row, int column, int channel) {
    ByteBuffer rgb = frames.rgb();
    int pixel = (frame * frames.height() + row) * frames.width() + column;
    return LEVELS[rgb.get(pixel * CHANNELS + channel) & 0xff];
  }

  private static float[] levels() {
    float[] levels = new float[256];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = i / 255f;
    }
    return levels;
  }
}
