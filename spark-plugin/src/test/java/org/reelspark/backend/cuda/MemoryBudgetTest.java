package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class MemoryBudgetTest {
  private static final long MIB = 1 << 20;
  private static final DeviceMemory.Usage USAGE = new DeviceMemory.Usage(1000 * MIB, 4000 * MIB);

  @Test
  void takesNineTenthsOfWhatIsFreeUnlessTold() {
    MemoryBudget budget = MemoryBudget.of(0, USAGE);

    assertThat(budget.byteSize()).isEqualTo(900 * MIB);
    assertThat(budget.explanation())
        .isEqualTo(
            "reserving 900 of 4000 MiB of GPU memory (nine tenths of what is free; 1000 MiB are free)");
  }

  @Test
  void takesWhatIsConfigured() {
    MemoryBudget budget = MemoryBudget.of(1000, USAGE);

    assertThat(budget.byteSize()).isEqualTo(1000 * MIB);
    assertThat(budget.explanation()).contains("1000 of 4000 MiB", "spark.reelspark.gpu.memoryMib");
  }

  @Test
  void refusesMoreThanIsFree() {
    assertThatThrownBy(() -> MemoryBudget.of(1001, USAGE))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY))
        .hasMessageContainingAll("is 1001", "only 1000 of the GPU's 4000 MiB");
  }
}
