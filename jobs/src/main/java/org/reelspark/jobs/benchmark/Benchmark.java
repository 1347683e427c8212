package org.reelspark.jobs.benchmark;

import org.reelspark.jobs.KnownErrors;
import org.reelspark.jobs.ProjectVersion;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Command line of the benchmarks. */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description = "Measures this machine and writes a report.",
    subcommands = {
      CpuBenchmark.class,
      GpuBenchmark.class,
      QualityBenchmark.class,
      ModuleOutputs.class
    })
public final class Benchmark {
  Benchmark() {}

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Benchmark()).setExecutionExceptionHandler(new KnownErrors());
  }
}
