package org.reelspark.jobs.judge;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The fixed list of prompts that models are judged on, drawn by {@code goldens_judge.py}. */
public final class JudgePrompts {
  private static final String RESOURCE = "prompts.txt";

  private JudgePrompts() {}

  public static List<Clip> all() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                JudgePrompts.class.getResourceAsStream(RESOURCE), StandardCharsets.UTF_8))) {
      return lines.lines().map(caption -> Clip.parse(caption).orElseThrow()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
