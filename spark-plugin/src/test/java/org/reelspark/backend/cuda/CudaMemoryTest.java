package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

@NeedsGpu
class CudaMemoryTest {
  private static Gpu gpu;

  @BeforeAll
  static void open() {
    gpu = Gpu.open();
  }

  @AfterAll
  static void close() {
    gpu.close();
  }

  /** Around the halves of the staging buffer, which hold 2,097,152 floats each. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2_097_151, 2_097_152, 2_097_153, 7_000_000})
  void copiesToTheGpuAndBack(int count) {
    long before = gpu.arena().used();
    float[] values = random(count);
    try (Tensor host = Tensor.ofFloats(Shape.of(count), values);
        Tensor device = gpu.memory().upload(host);
        Tensor copy = gpu.memory().allocate(count)) {
      gpu.memory().copy(device, copy);

      assertThat(gpu.floats(copy)).isEqualTo(values);
    }
    assertThat(gpu.arena().used()).isEqualTo(before);
  }

  @Test
  void hostMemoryMayChangeAfterACopyFromIt() {
    float[] values = random(5_000_000);
    try (Tensor host = Tensor.ofFloats(Shape.of(values.length), values);
        Tensor device = gpu.memory().allocate(values.length)) {
      gpu.memory().copy(host, device);
      host.buffer().asFloatBuffer().put(new float[values.length]);

      assertThat(gpu.floats(device)).isEqualTo(values);
    }
  }

  @Test
  void copiesSlices() {
    float[] values = random(30);
    try (Tensor host = Tensor.ofFloats(Shape.of(3, 10), values);
        Tensor device = gpu.memory().upload(host)) {
      assertThat(gpu.floats(device.slice(1, 2)))
          .containsExactly(Arrays.copyOfRange(values, 10, 20));
    }
  }

  @Test
  void refusesToCopyBetweenTypes() {
    try (Tensor floats = gpu.memory().allocate(8);
        Tensor halves = gpu.memory().allocate(DType.BF16, Shape.of(8))) {
      assertThatThrownBy(() -> gpu.memory().copy(floats, halves))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("F32[8]")
          .hasMessageContaining("BF16[8]");
    }
  }

  @Test
  void arenaUsesAgainWhatIsGivenBack() {
    try (DeviceArena arena = DeviceArena.reserve(gpu.device(), 1 << 20)) {
      Memory first = arena.allocate(1000);
      Memory second = arena.allocate(1 << 19);
      Memory third = arena.allocate(1);
      assertThat(second.address() - first.address()).isEqualTo(1024);
      assertThat(arena.used()).isEqualTo(1024 + (1 << 19) + 256);

      first.close();
      first.close();
      second.close();
      third.close();
      assertThat(arena.used()).isZero();
      try (Memory all = arena.allocate(1 << 20)) {
        assertThat(all.address()).isEqualTo(first.address());
      }
      assertThat(arena.mostUsed()).isEqualTo(1 << 20);
    }
  }

  @Test
  void arenaTakesTheSmallestPieceThatDoes() {
    try (DeviceArena arena = DeviceArena.reserve(gpu.device(), 1 << 20)) {
      Memory large = arena.allocate(4096);
      Memory between = arena.allocate(256);
      Memory small = arena.allocate(512);
      Memory last = arena.allocate(256);
      large.close();
      small.close();

      Memory again = arena.allocate(300);

      assertThat(again.address()).isEqualTo(small.address());
      again.close();
      between.close();
      last.close();
    }
  }

  @Test
  void refusesMoreMemoryThanTheArenaHas() {
    try (DeviceArena arena = DeviceArena.reserve(gpu.device(), 1 << 20);
        Memory taken = arena.allocate(1 << 19)) {
      assertThat(taken.byteSize()).isEqualTo(1 << 19);
      assertThatThrownBy(() -> arena.allocate(1 << 20))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY))
          .hasMessageContainingAll(
              "1048576 bytes", "524288 are in use", "spark.reelspark.gpu.memoryMib");
    }
  }

  @Test
  void countsOfManyCallsStayReadableInAnyOrder() {
    int calls = 300;
    List<Supplier<AttentionStatistics>> pending = new ArrayList<>();
    try (StatisticsReadback readback = new StatisticsReadback(gpu.stream());
        Tensor host = Tensor.allocateHost(DType.I32, Shape.of(calls, 4))) {
      for (int call = 0; call < calls; call++) {
        host.buffer().putLong(call * 16, call).putLong(call * 16 + 8, 420L * call);
      }
      try (Tensor counters = gpu.memory().upload(host, DType.I32)) {
        for (int call = 0; call < calls; call++) {
          pending.add(readback.enqueue(counters.slice(call, call + 1).address(), 1000 + call));
        }
        assertThat(pending.get(7).get()).isEqualTo(new AttentionStatistics(1007, 7, 3.5));
      }
    }
    for (int call = calls - 1; call >= 0; call--) {
      assertThat(pending.get(call).get())
          .isEqualTo(new AttentionStatistics(1000 + call, call, call / 2.0));
    }
  }

  private static float[] random(int count) {
    Random random = new Random(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
