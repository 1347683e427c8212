package org.reelspark.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.apache.spark.package$;

/** What a log should say once, at the start, for whoever reads it after a failure. */
final class StartReport {
  private static final String VERSION = version();
  private static final long MIB = 1 << 20;

  private StartReport() {}

  /** Versions, memory, and every key that is set. */
  static String driver(Map<String, String> settings) {
    StringJoiner lines = new StringJoiner(System.lineSeparator() + "  ");
    lines.add("Reelspark " + VERSION);
    lines.add(platform());
    if (settings.isEmpty()) {
      lines.add("no spark.reelspark.* keys are set");
    }
    settings.forEach((key, value) -> lines.add(key + " = " + withoutSecrets(value)));
    return lines.toString();
  }

  /** Versions and memory of this JVM, such as for an executor. */
  static String platform() {
    Runtime runtime = Runtime.getRuntime();
    return "Spark %s, Scala %s, Java %s on %s %s, %d processors, %,d MiB heap at most"
        .formatted(
            package$.MODULE$.SPARK_VERSION(),
            scala.util.Properties.versionNumberString(),
            System.getProperty("java.version"),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            runtime.availableProcessors(),
            runtime.maxMemory() / MIB);
  }

  /**
   * A URI may carry a password before the host, which may itself hold slashes and at signs, and a
   * signature in its query. Rather hides a piece of a path than shows one of a password.
   */
  static String withoutSecrets(String value) {
    return value.replaceAll("://\\S*@", "://***@").replaceAll("(://[^\\s?]*\\?)\\S+", "$1***");
  }

  private static String version() {
    try (InputStream stream =
        StartReport.class.getResourceAsStream("/org/reelspark/version.properties")) {
      Properties properties = new Properties();
      properties.load(stream);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
