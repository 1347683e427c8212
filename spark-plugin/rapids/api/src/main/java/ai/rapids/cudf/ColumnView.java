package ai.rapids.cudf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Stand-in for a column in memory of another. */
public class ColumnView implements AutoCloseable {
  private static final AtomicLong NEXT_HANDLE = new AtomicLong(1);
  private static final Map<Long, Content> OPEN_VIEWS = new ConcurrentHashMap<>();

  /** What a view shows; buffers may be null. */
  record Content(
      DType type,
      long rows,
      long nullCount,
      BaseDeviceMemoryBuffer data,
      BaseDeviceMemoryBuffer validity,
      BaseDeviceMemoryBuffer offsets,
      List<Content> children) {}

  private final long handle = NEXT_HANDLE.getAndIncrement();
  private final Content content;

  ColumnView(Content content) {
    this.content = content;
    OPEN_VIEWS.put(handle, content);
  }

  public ColumnView(
      DType type,
      long rows,
      Optional<Long> nullCount,
      BaseDeviceMemoryBuffer dataBuffer,
      BaseDeviceMemoryBuffer validityBuffer) {
    this(
        new Content(
            type, rows, nullCount.orElseThrow(), dataBuffer, validityBuffer, null, List.of()));
  }

  /** What the view with a handle shows, also after it is closed. */
  static Content content(long handle) {
    Content content = OPEN_VIEWS.get(handle);
    if (content == null) {
      throw new IllegalArgumentException("no open view " + handle);
    }
    return content;
  }

  static int openViews() {
    return OPEN_VIEWS.size();
  }

  public final long getNativeView() {
    return handle;
  }

  public final DType getType() {
    return content.type;
  }

  public final long getRowCount() {
    return content.rows;
  }

  public long getNullCount() {
    return content.nullCount;
  }

  public final BaseDeviceMemoryBuffer getData() {
    return DeviceMemoryBufferView.of(content.data);
  }

  public final BaseDeviceMemoryBuffer getValid() {
    return DeviceMemoryBufferView.of(content.validity);
  }

  public final BaseDeviceMemoryBuffer getOffsets() {
    return DeviceMemoryBufferView.of(content.offsets);
  }

  public final ColumnView getChildColumnView(int childIndex) {
    return new ColumnView(content.children.get(childIndex));
  }

  @Override
  public void close() {
    if (OPEN_VIEWS.remove(handle) == null) {
      throw new IllegalStateException("closed twice");
    }
  }
}
