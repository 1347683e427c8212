package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Keeps {@code docs/configuration.md} equal to the registry of keys. */
class ConfigurationPageTest {
  private static final Path PAGE = Path.of("..", "docs", "configuration.md");

  @Test
  void configurationPageIsCurrent() throws IOException {
    if (Boolean.getBoolean("reelspark.writePages")) {
      Files.writeString(PAGE, page());
    }

    assertThat(PAGE)
        .as("stale: run `mvn -pl spark-plugin -am test -Dreelspark.writePages=true`")
        .hasContent(page());
  }

  private static String page() {
    List<String> lines = new ArrayList<>();
    lines.add("# Configuration");
    lines.add("");
    lines.add(
        "Written by `ConfigurationPageTest` from the keys in `ReelsparkConf`; the test fails");
    lines.add("when this page departs from them.");
    lines.add("");
    lines.add(
        "Set keys with `--conf key=value`, in `spark-defaults.conf`, with `spark.conf.set`, or");
    lines.add("with `SET key=value` in SQL. A query uses the values at the time it is analysed.");
    lines.add("A key under `spark.reelspark.` that is not in this table is refused.");
    lines.add("");
    lines.add(
        "Executors take `backend`, `cpu.threads`, `device.*`, `executor.*` and `gpu.*`, but for");
    lines.add(
        "`gpu.tasks`, when they start: set those for the application; in a session it is too late.");
    lines.add("");
    lines.add("| key | value | default | meaning | since |");
    lines.add("|---|---|---|---|---|");
    for (ConfigEntry<?> entry : ReelsparkConf.ENTRIES) {
      lines.add(
          "| `%s` | %s | %s | %s | %s |"
              .formatted(
                  entry.key(),
                  entry.accepts(),
                  entry.defaultText().map(text -> "`" + text + "`").orElse("none"),
                  entry.documentation(),
                  entry.since()));
    }
    return String.join("\n", lines) + "\n";
  }
}
