package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Attention on the thread's default stream gives the bits of the backend's own. */
@NeedsGpu
class StreamAttentionOnGpuTest {
  @ParameterizedTest
  @CsvSource({"300, 64, 1", "300, 128, 0.5", "2500, 72, 0.5", "2500, 64, 1"})
  void givesTheSameBits(int tokens, int dimension, float topK) {
    HeadParameters head =
        new HeadParameters(
            topK == 1 ? new BlockSelection.Dense() : new BlockSelection.TopK(topK),
            HeadParameters.DENSE.similarityThreshold(),
            HeadParameters.DENSE.pvThreshold());
    AttentionCase attention =
        AttentionCase.of(new AttentionShape(1, 4, 2, tokens, tokens, dimension))
            .with(DType.F32)
            .with(Collections.nCopies(4, head).toArray(HeadParameters[]::new));
    AttentionPrecision precision = AttentionPrecision.EIGHT_BIT;
    try (Gpu gpu = Gpu.open();
        AttentionTensors tensors = attention.upload(gpu);
        CudaAttention own =
            new CudaAttention(
                gpu.stream(), gpu.kernels(), gpu.memory(), precision.forKeys(tokens))) {
      own.attention(tensors.inputs(), attention.parameters(), tensors.out());
      float[] expected = gpu.floats(tensors.out());

      CudaStreamAttention stream = new CudaStreamAttention(gpu.device(), gpu.kernels(), precision);
      long bytes = stream.workspaceBytes(attention.shape(), attention.parameters());
      try (Tensor out = gpu.memory().allocate(DType.F32, tensors.out().shape());
          Tensor workspace =
              Tensor.owning(
                  DType.U8, Shape.of(bytes), DeviceMemory.allocate(gpu.device(), bytes))) {
        stream.enqueue(tensors.inputs(), attention.parameters(), workspace, out);
        CudaStream.ofCallingThread(gpu.device()).synchronize();

        assertThat(gpu.floats(out)).isEqualTo(expected);
      }
    }
  }
}
