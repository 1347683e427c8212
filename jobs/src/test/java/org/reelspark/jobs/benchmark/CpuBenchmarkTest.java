package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CpuBenchmarkTest {
  @Test
  void writesAReportOfOperationsWithTheirCommand(@TempDir Path directory) throws Exception {
    Path out = directory.resolve("cpu.md");

    int exitCode =
        new CommandLine(new Benchmark())
            .execute(
                "cpu",
                "--model",
                "sample-model",
                "--clips",
                "0",
                "--rounds",
                "1",
                "--out",
                out.toString());

    assertThat(exitCode).isZero();
    assertThat(Files.readString(out))
        .contains("`jobs/benchmark cpu --steps 12 --clips 0 --rounds 1`")
        .contains("OpenBLAS alone, 2048 x 2048 x 2048")
        .contains("attention projection, 4352 x 256 x 256")
        .contains("16 frames of 128 x 128, 16 to 16 channels")
        .contains("sparse, 50% skipped");
  }
}
