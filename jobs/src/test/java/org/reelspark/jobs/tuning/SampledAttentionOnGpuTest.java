package org.reelspark.jobs.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cuda.ActivationType;
import org.reelspark.backend.cuda.AttentionPrecision;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.backend.cuda.CudaOptions;
import org.reelspark.backend.cuda.LinearPrecision;
import org.reelspark.backend.cuda.NeedsGpu;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

@NeedsGpu
class SampledAttentionOnGpuTest {
  private static final CudaOptions OPTIONS =
      new CudaOptions(
          512, ActivationType.BF16, AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT);

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void tensorsOfTheGpuGiveTheSamplesOfTheirCopies(DType dtype) {
    long before = HostMemory.unclosedBytes();
    try (CudaGpu gpu = CudaGpu.open("0");
        Backend backend = CudaBackend.create(gpu, OPTIONS);
        Tensor values = random(Shape.of(1, 300, 4, 64));
        Tensor onGpu = backend.upload(values, dtype);
        Tensor onHost = Tensor.allocateHost(dtype, values.shape())) {
      backend.copy(onGpu, onHost);
      try (SampledAttention found = sampled(onGpu, backend);
          SampledAttention expected = sampled(onHost, backend)) {
        for (int head = 0; head < 4; head++) {
          assertThat(found.head(head).query()).isEqualTo(expected.head(head).query());
          assertThat(found.head(head).value()).isEqualTo(expected.head(head).value());
        }
      }
    }
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }

  private static SampledAttention sampled(Tensor tensor, Backend backend) {
    return new SampledAttention(
        new AttentionInputs(tensor, tensor, tensor, AttentionLayout.TOKEN_MAJOR), backend);
  }

  private static Tensor random(Shape shape) {
    Random random = new Random(1);
    float[] values = new float[(int) shape.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(shape, values);
  }
}
