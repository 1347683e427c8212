package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ShortBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class MemoryTest {
  private final RandomTensors random = new RandomTensors(17);

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void uploadConvertsEveryHalfPrecisionValue(DType dtype) {
    try (Backend backend = CpuBackend.create(new CpuOptions(2));
        Tensor host = Tensor.allocateHost(dtype, Shape.of(257, 256))) {
      ShortBuffer bits = host.buffer().asShortBuffer();
      while (bits.hasRemaining()) {
        bits.put((short) bits.position());
      }
      try (Tensor uploaded = backend.upload(host)) {
        assertThat(uploaded.dtype()).isEqualTo(DType.F32);
        assertThat(uploaded.toFloats()).isEqualTo(host.toFloats());
      }
    }
  }

  @Test
  void uploadCopiesFloats() {
    try (Backend backend = CpuBackend.create(new CpuOptions(2));
        Tensor host = random.normal(70_001)) {
      Tensor uploaded = backend.upload(host);
      assertThat(uploaded.address()).isNotEqualTo(host.address());
      assertThat(uploaded.toFloats()).isEqualTo(host.toFloats());
      uploaded.close();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"I32", "U8", "F8_E4M3"})
  void uploadRefusesWhatHasNoValuesOfItsOwn(DType dtype) {
    try (Backend backend = CpuBackend.create(new CpuOptions(1));
        Tensor host = Tensor.allocateHost(dtype, Shape.of(2))) {
      assertThatIllegalArgumentException().isThrownBy(() -> backend.upload(host));
    }
  }

  @Test
  void largeLayersAreUploadedAsAllOthers() {
    try (Backend backend = CpuBackend.create(new CpuOptions(1));
        Tensor weight = random.normal(5, 7);
        Tensor bias = random.normal(5);
        Linear linear = backend.uploadLarge(weight, bias, DType.F32)) {
      assertThat(linear.weight().toFloats()).isEqualTo(weight.toFloats());
      assertThat(linear.bias().toFloats()).isEqualTo(bias.toFloats());
      assertThat(linear.scales()).isNull();
    }
  }

  @Test
  void givesAWeightBackWhoseBiasCannotBeUploaded() {
    long before = HostMemory.unclosedBytes();
    try (Backend backend = CpuBackend.create(new CpuOptions(1));
        Tensor weight = random.normal(5, 7);
        Tensor bias = Tensor.allocateHost(DType.I32, Shape.of(5))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> backend.uploadLarge(weight, bias, DType.F32));
    }
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }

  @Test
  void copiesBetweenShapesOfEqualSize() {
    try (Backend backend = CpuBackend.create(new CpuOptions(2));
        Tensor source = random.normal(3, 30_000);
        Tensor target = backend.allocate(90_000)) {
      backend.copy(source, target);
      assertThat(target.toFloats()).isEqualTo(source.toFloats());
    }
  }

  @Test
  void closingGivesAllMemoryBack() {
    long before = HostMemory.unclosedBytes();
    for (int i = 0; i < 3; i++) {
      try (Backend backend = CpuBackend.create(new CpuOptions(3));
          Tensor x = random.normal(600, 40);
          Linear linear = new Linear(random.normal(50, 40), null);
          Tensor residual = random.normal(600, 50)) {
        backend.linearAdd(x, linear, null, residual);
        backend.activate(residual, Activation.SILU, residual);
      }
    }
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }

  @Test
  void worksPastTwoGibibytes() {
    long columns = 1 << 10;
    long rows = (1L << 21) + 3;
    // Only the pages of the last rows are touched, so this takes addresses but little memory.
    try (Backend backend = CpuBackend.create(new CpuOptions(2));
        Tensor table = backend.allocate(rows, columns);
        Tensor last = random.normal(2, columns);
        Tensor gathered = backend.allocate(1, columns);
        Linear linear = new Linear(random.normal(columns, columns), null);
        Tensor expected = backend.allocate(2, columns)) {
      assertThat(table.byteSize()).isGreaterThan(4L << 30);
      Tensor tail = table.slice(rows - 2, rows);
      backend.copy(last, tail);
      backend.gather(table, new int[] {(int) rows - 1}, gathered);
      assertThat(gathered.toFloats()).isEqualTo(last.slice(1, 2).toFloats());
      backend.linear(last, linear, Activation.NONE, expected);
      Tensor result = table.slice(rows - 4, rows - 2);
      backend.linear(tail, linear, Activation.NONE, result);
      assertThat(result.toFloats()).isEqualTo(expected.toFloats());
      backend.combine(new float[] {1, 1}, List.of(result, tail), result);
      backend.rmsNorm(result, gathered.reshape(columns), 1e-6f, result);
      assertThat(backend.isFinite(result)).isTrue();
    }
  }
}
