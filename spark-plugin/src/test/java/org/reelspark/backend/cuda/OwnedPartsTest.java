package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnedPartsTest {
  private final List<String> closed = new ArrayList<>();
  private final OwnedParts parts = new OwnedParts();

  @Test
  void closesTheYoungestFirstAndEachOnce() {
    own("stream");
    own("memory");
    parts.close();
    parts.close();
    assertThat(closed).containsExactly("memory", "stream");
  }

  @Test
  void closesAllPartsWhenSomeFail() {
    own("stream");
    ownFailing("memory");
    own("kernels");
    ownFailing("tables");
    assertThatThrownBy(parts::close)
        .hasRootCauseMessage("tables")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(closed).containsExactly("tables", "kernels", "memory", "stream");
  }

  private void own(String name) {
    parts.own((AutoCloseable) () -> closed.add(name));
  }

  private void ownFailing(String name) {
    parts.own(
        (AutoCloseable)
            () -> {
              closed.add(name);
              throw new IllegalArgumentException(name);
            });
  }
}
