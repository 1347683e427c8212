package ai.rapids.cudf;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Stand-in for a column that owns its memory. */
public final class ColumnVector extends ColumnView {
  private List<DeviceMemoryBuffer> owned;

  public ColumnVector(
      DType type,
      long rows,
      Optional<Long> nullCount,
      DeviceMemoryBuffer dataBuffer,
      DeviceMemoryBuffer validityBuffer,
      DeviceMemoryBuffer offsetBuffer,
      List<DeviceMemoryBuffer> toClose,
      long[] childHandles) {
    super(
        new Content(
            type,
            rows,
            nullCount.orElseThrow(),
            dataBuffer,
            validityBuffer,
            offsetBuffer,
            LongStream.of(childHandles).mapToObj(ColumnView::content).toList()));
    owned =
        Stream.concat(Stream.of(dataBuffer, validityBuffer, offsetBuffer), toClose.stream())
            .filter(Objects::nonNull)
            .toList();
  }

  /** The buffers, which the caller closes from now on. */
  List<DeviceMemoryBuffer> handOver() {
    List<DeviceMemoryBuffer> buffers = owned;
    owned = List.of();
    return buffers;
  }

  @Override
  public void close() {
    super.close();
    owned.forEach(DeviceMemoryBuffer::close);
  }
}
