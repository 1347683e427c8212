package org.reelspark.spark;

import java.nio.file.Path;
import java.util.Map;

/** The model that Spark tests generate with, and settings that make it quick. */
final class TestModels {
  /** Options of a video of 9 frames at 64 x 64 in 2 steps: 192 tokens. */
  static final Map<String, String> QUICK =
      Map.of("width", "64", "height", "64", "frames", "9", "steps", "2");

  /** Options of the smallest video there is. */
  static final Map<String, String> TINY =
      Map.of("width", "16", "height", "16", "frames", "5", "steps", "1", "guidance", "1");

  private TestModels() {}

  static String directory() {
    return Path.of("..", "jobs", "sample-model").toAbsolutePath().normalize().toString();
  }
}
