package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.stream.Stream;

/** Facts about the machine and this JVM, for reports. */
final class Environment {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  private Environment() {}

  /** Two lines of Markdown: when and on what the numbers were made. */
  static String describe(String command, String backend) {
    return """
    Made by `%s` on %s.

    %s, %d processors; Java %s; %s.
    """
        .formatted(
            command,
            LocalDate.now(),
            field(CPU_INFO, "model name"),
            Runtime.getRuntime().availableProcessors(),
            Runtime.version(),
            backend);
  }

  /** The most memory that this process has held, in MiB; 0 where the system does not tell. */
  static long peakMebibytes() {
    String size = field(STATUS, "VmHWM");
    return size.endsWith(" kB") ? Long.parseLong(size.replace(" kB", "")) / 1024 : 0;
  }

  private static String field(Path file, String name) {
    if (!Files.exists(file)) {
      return "unknown";
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
