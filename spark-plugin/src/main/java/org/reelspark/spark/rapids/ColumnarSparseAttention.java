package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnVector;
import ai.rapids.cudf.DeviceMemoryBuffer;
import com.nvidia.spark.RapidsUDF;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.reelspark.backend.StreamAttention;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import scala.runtime.AbstractFunction5;

/**
 * {@code sparse_attention} over columns. RAPIDS calls it on a task's thread while the task holds
 * its permit for the GPU: nothing here waits for anything but that thread's own stream, and all GPU
 * memory is RAPIDS' own. When that runs out, RAPIDS spills and calls again, if need be with fewer
 * rows.
 */
final class ColumnarSparseAttention
    extends AbstractFunction5<Object, Object, Object, Object, Object, Object>
    implements RapidsUDF, Serializable {
  private static final long serialVersionUID = 1L;

  private final SparseAttention ofRows;

  ColumnarSparseAttention(SparseAttention ofRows) {
    this.ofRows = ofRows;
  }

  @Override
  public Object apply(
      Object query, Object key, Object value, Object headDimension, Object options) {
    return ofRows.apply(query, key, value, headDimension, options);
  }

  /**
   * @param args q, k and v of LIST of FLOAT32, head dimensions of INT32, options of LIST of STRUCT
   *     of two STRINGs
   */
  @Override
  public ColumnVector evaluateColumnar(int numRows, ColumnVector... args) {
    try (AttentionColumns columns = AttentionColumns.of(numRows, args)) {
      return attend(columns, columns.calls(ofRows));
    }
  }

  private ColumnVector attend(
      AttentionColumns columns, List<Optional<SparseAttention.Call>> calls) {
    StreamAttention device = ofRows.streamAttention();
    try (FloatListResult result = FloatListResult.allocate(lengths(calls));
        DeviceMemoryBuffer workspace = DeviceMemoryBuffer.allocate(workspaceBytes(device, calls))) {
      Tensor scratch =
          Tensor.view(DType.U8, Shape.of(workspace.getLength()), BorrowedMemory.of(workspace), 0);
      for (int row = 0; row < calls.size(); row++) {
        if (calls.get(row).isPresent()) {
          SparseAttention.Call call = calls.get(row).orElseThrow();
          device.enqueue(
              columns.inputs(row, call),
              call.parameters(),
              scratch,
              result.tensor(row, call.queryShape()));
        }
      }
      return result.toColumn();
    }
  }

  /** A row's result is as long as its queries. */
  private static int[] lengths(List<Optional<SparseAttention.Call>> calls) {
    return calls.stream()
        .mapToInt(
            call ->
                call.map(present -> Math.toIntExact(present.shape().queryElements()))
                    .orElse(FloatListResult.NULL))
        .toArray();
  }

  /** One workspace serves all rows, whose calls follow each other on the stream. */
  private static long workspaceBytes(
      StreamAttention device, List<Optional<SparseAttention.Call>> calls) {
    return calls.stream()
        .flatMap(Optional::stream)
        .mapToLong(call -> device.workspaceBytes(call.shape(), call.parameters()))
        .reduce(1, Math::max);
  }
}
