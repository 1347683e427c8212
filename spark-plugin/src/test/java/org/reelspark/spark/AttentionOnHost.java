package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.StreamAttention;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.spark.rapids.SparseAttention;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;
import scala.runtime.AbstractFunction5;

/** {@code sparse_attention} whose columns lie in host memory. */
final class AttentionOnHost
    extends AbstractFunction5<Object, Object, Object, Object, Object, Object>
    implements SparseAttention {
  private static final long serialVersionUID = 1L;
  private static final long WORKSPACE_BYTES = 1000;

  private final SparseAttentionFunction ofRows;

  AttentionOnHost(SparseAttentionFunction ofRows) {
    this.ofRows = ofRows;
  }

  @Override
  public Object apply(
      Object query, Object key, Object value, Object headDimension, Object options) {
    return ofRows.apply(query, key, value, headDimension, options);
  }

  @Override
  public Call call(
      int queryValues,
      int keyValues,
      int valueValues,
      int headDimension,
      Map<String, String> options) {
    return ofRows.call(queryValues, keyValues, valueValues, headDimension, options);
  }

  @Override
  public StreamAttention streamAttention() {
    return new HostAttention();
  }

  private record HostMemory(long address, long byteSize) implements Memory {
    @Override
    public MemorySpace space() {
      return MemorySpace.HOST;
    }

    @Override
    public void close() {}
  }

  private static final class HostAttention implements StreamAttention {
    @Override
    public long workspaceBytes(AttentionShape shape, AttentionParameters parameters) {
      return WORKSPACE_BYTES;
    }

    @Override
    public void enqueue(
        AttentionInputs inputs, AttentionParameters parameters, Tensor workspace, Tensor out) {
      assertThat(workspace.byteSize()).isEqualTo(WORKSPACE_BYTES);
      try (CpuBackend backend = CpuBackend.create(new CpuOptions(1))) {
        backend.attention(
            new AttentionInputs(
                onHost(inputs.query()),
                onHost(inputs.key()),
                onHost(inputs.value()),
                inputs.layout()),
            parameters,
            onHost(out));
      }
    }

    private static Tensor onHost(Tensor tensor) {
      assertThat(tensor.space()).isEqualTo(MemorySpace.DEVICE);
      assertThat(tensor.address() % ALIGNMENT).isZero();
      return Tensor.owning(
          tensor.dtype(), tensor.shape(), new HostMemory(tensor.address(), tensor.byteSize()));
    }
  }
}
