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
import org.reelspark.tensor.DType;
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
    long before = DeviceMemory.allocatedBytes();
    float[] values = random(count);
    try (Tensor host = Tensor.ofFloats(Shape.of(count), values);
        Tensor device = gpu.memory().upload(host);
        Tensor copy = gpu.memory().allocate(count)) {
      gpu.memory().copy(device, copy);

      assertThat(gpu.floats(copy)).isEqualTo(values);
    }
    assertThat(DeviceMemory.allocatedBytes()).isEqualTo(before);
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
  void arenaKeepsItsMemoryUntilMoreIsWanted() {
    long before = DeviceMemory.allocatedBytes();
    try (DeviceArena arena = new DeviceArena(gpu.device())) {
      long first = arena.reserve(1 << 20);

      assertThat(arena.reserve(1 << 10)).isEqualTo(first);
      assertThat(first % 256).isZero();
      arena.reserve(1 << 22);
      assertThat(DeviceMemory.allocatedBytes()).isEqualTo(before + (1 << 22));
    }
    assertThat(DeviceMemory.allocatedBytes()).isEqualTo(before);
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
      try (Tensor counters = gpu.memory().upload(host)) {
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
