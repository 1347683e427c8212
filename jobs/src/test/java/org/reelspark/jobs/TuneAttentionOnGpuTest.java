package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.attention.ProfileFile;
import org.reelspark.backend.cuda.NeedsGpu;

@NeedsGpu
class TuneAttentionOnGpuTest {
  @TempDir private Path directory;

  @Test
  void findsWhatTheProcessorFinds() throws IOException {
    Path prompts =
        Files.writeString(directory.resolve("prompts.txt"), "a red circle moves right\n");

    double onGpu = sparsity(prompts, "--device", "0");

    assertThat(onGpu).isGreaterThan(0.1).isCloseTo(sparsity(prompts), within(0.03));
  }

  private double sparsity(Path prompts, String... device) throws IOException {
    Path out = directory.resolve("profile.json");
    List<String> options =
        new ArrayList<>(List.of("--orders", "hilbert", "--bound", "0.2", "--ranges", "1"));
    options.addAll(List.of(device));
    TuneAttentionTest.Outcome outcome =
        TuneAttentionTest.run(prompts, out, options.toArray(String[]::new));
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return ProfileFile.read(out).tuning().sparsity();
  }
}
