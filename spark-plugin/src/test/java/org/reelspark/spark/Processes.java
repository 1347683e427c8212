package org.reelspark.spark;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes that tests start and send signals to. */
final class Processes {
  private Processes() {}

  /** A builder of a Java process with this one's classes and access to the JDK's. */
  static ProcessBuilder java(String heap, String main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heap);
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true);
  }

  /** Sends a process' output to a file. */
  static Process start(ProcessBuilder builder, Path log) throws IOException {
    File file = log.toFile();
    return builder.redirectOutput(file).start();
  }

  /** Spark's id of the executor that a process is. */
  static String executorId(ProcessHandle executor) {
    List<String> command = List.of(commandLine(executor).split("\0"));
    return command.get(command.indexOf("--executor-id") + 1);
  }

  /** Java's own view of it ends after one page. */
  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param signal such as {@code STOP}
   */
  static void signal(ProcessHandle process, String signal)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }
}
