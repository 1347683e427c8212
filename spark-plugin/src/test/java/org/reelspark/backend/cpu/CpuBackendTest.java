package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.reelspark.backend.Backend;

class CpuBackendTest {
  @Test
  void tellsWhatItRunsOn() {
    try (Backend backend = CpuBackend.create(new CpuOptions(3))) {
      assertThat(backend.name()).isEqualTo("cpu");
      assertThat(backend.describe())
          .startsWith("cpu: 3 threads, OpenBLAS ")
          .endsWith(VectorSupport.describe());
    }
  }

  @Test
  void usesAllProcessorsUnlessTold() {
    assertThat(CpuOptions.allProcessors().threads())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void refusesNoThreads() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CpuOptions(0))
        .withMessage("threads must be at least 1, found 0");
  }
}
