package org.reelspark.jobs;

import java.util.Optional;
import org.reelspark.jobs.VideoRow.Failure;
import org.reelspark.jobs.VideoRow.Settings;
import org.reelspark.jobs.VideoRow.Video;

/** Manifest rows for tests. */
final class VideoRows {
  private static final Settings SETTINGS = new Settings(128, 96, 65, 7, 16, 3.5f, "sparse");

  private VideoRows() {}

  static VideoRow generated(long number, String prompt, double sparsity) {
    return withVideo(number, prompt, "generated", "ab/abcd.mp4", sparsity);
  }

  static VideoRow skipped(long number, String prompt) {
    return withVideo(number, prompt, "skipped", "ab/abcd.gif", 0);
  }

  static VideoRow failed(long number, String prompt, String code, String message) {
    return new VideoRow(
        number,
        prompt,
        "failed",
        Optional.empty(),
        Optional.empty(),
        Optional.of(new Failure(code, message)));
  }

  private static VideoRow withVideo(
      long number, String prompt, String status, String path, double sparsity) {
    return new VideoRow(
        number,
        prompt,
        status,
        Optional.of(SETTINGS),
        Optional.of(new Video(path, 16, sparsity, 12.5)),
        Optional.empty());
  }
}
