package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BlockSelectionGoldensTest {
  private static final Path GOLDENS =
      Path.of("..", "native", "tests", "goldens", "block_selection.txt");

  @Test
  void referenceSelectsWhatTheKernelsAreTestedAgainst() throws IOException {
    if (Boolean.getBoolean("reelspark.writeGoldens")) {
      Files.writeString(GOLDENS, BlockSelectionGoldens.text());
    }
    assertThat(BlockSelectionGoldens.text())
        .as(
            "stale: run `mvn -pl spark-plugin -am test -Dtest=BlockSelectionGoldensTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dreelspark.writeGoldens=true`")
        .isEqualTo(Files.readString(GOLDENS));
  }
}
