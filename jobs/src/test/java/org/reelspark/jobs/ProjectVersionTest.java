package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProjectVersionTest {
  @Test
  void isTheVersionOfTheBuild() throws Exception {
    assertThat(new ProjectVersion().getVersion()).hasSize(1);
    assertThat(new ProjectVersion().getVersion()[0]).matches("Reelspark \\d+\\.\\d+\\.\\d+.*");
  }
}
