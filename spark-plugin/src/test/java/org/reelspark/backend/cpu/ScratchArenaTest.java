package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.reelspark.tensor.HostMemory;

class ScratchArenaTest {
  @Test
  void piecesAreAlignedAndApart() {
    try (ScratchArena arena = new ScratchArena()) {
      long first = arena.floats(3);
      long second = arena.floats(5_000_000);
      long third = arena.bytes(1);
      assertThat(first % 64).isZero();
      assertThat(second % 64).isZero();
      assertThat(third >= second && third < second + 20_000_000).isFalse();
      HostMemory.view(second, 20_000_000).putFloat(19_999_996, 1);
    }
  }

  @Test
  void allocatesNothingOnceItHasSeenTheNeed() {
    try (ScratchArena arena = new ScratchArena()) {
      takeAndReset(arena);
      long settled = HostMemory.unclosedBytes();
      takeAndReset(arena);
      takeAndReset(arena);
      assertThat(HostMemory.unclosedBytes()).isEqualTo(settled);
    }
  }

  private static void takeAndReset(ScratchArena arena) {
    arena.floats(1_000_000);
    arena.floats(2_000_000);
    arena.floats(100);
    arena.reset();
  }

  @Test
  void closingFreesEverything() {
    long before = HostMemory.unclosedBytes();
    ScratchArena arena = new ScratchArena();
    arena.floats(1_000_000);
    arena.floats(1_000_000);
    arena.close();
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }
}
