package ai.rapids.cudf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Makes and reads columns of the stand-ins; rows and elements may be null. */
public final class HostColumns {
  private HostColumns() {}

  /** Buffers and views that nobody has closed. */
  public static long open() {
    return MemoryBuffer.OPEN.get() + ColumnView.openViews();
  }

  public static ColumnVector ints(List<Integer> rows) {
    ByteBuffer data = bytes(rows.size() * Integer.BYTES);
    rows.forEach(row -> data.putInt(row == null ? -1 : row));
    return column(DType.INT32, rows, data, null);
  }

  public static ColumnVector floatLists(List<List<Float>> rows) {
    List<Float> elements = rows.stream().filter(Objects::nonNull).flatMap(List::stream).toList();
    ByteBuffer data = bytes(elements.size() * Float.BYTES);
    elements.forEach(element -> data.putFloat(element == null ? Float.NaN : element));
    return column(
        DType.LIST,
        rows,
        null,
        offsets(rows.stream().map(row -> row == null ? 0 : row.size()).toList()),
        column(DType.FLOAT32, elements, data, null));
  }

  public static ColumnVector maps(List<Map<String, String>> rows) {
    List<Map.Entry<String, String>> entries =
        rows.stream().filter(Objects::nonNull).flatMap(row -> row.entrySet().stream()).toList();
    return column(
        DType.LIST,
        rows,
        null,
        offsets(rows.stream().map(row -> row == null ? 0 : row.size()).toList()),
        column(
            DType.STRUCT,
            entries,
            null,
            null,
            texts(entries.stream().map(Map.Entry::getKey).toList()),
            texts(entries.stream().map(Map.Entry::getValue).toList())));
  }

  private static ColumnVector texts(List<String> rows) {
    List<byte[]> encoded =
        rows.stream()
            .map(row -> (row == null ? "" : row).getBytes(StandardCharsets.UTF_8))
            .toList();
    ByteBuffer data = bytes(encoded.stream().mapToInt(row -> row.length).sum());
    encoded.forEach(data::put);
    return column(
        DType.STRING, rows, data, offsets(encoded.stream().map(row -> row.length).toList()));
  }

  /** The lists of a column of FLOAT32. */
  public static List<float[]> floatLists(ColumnVector column) {
    int rows = Math.toIntExact(column.getRowCount());
    ByteBuffer offsets = read(column.getOffsets());
    List<float[]> lists = new ArrayList<>();
    try (ColumnView child = column.getChildColumnView(0)) {
      float[] elements = new float[Math.toIntExact(child.getRowCount())];
      read(child.getData()).asFloatBuffer().get(elements);
      for (int row = 0; row < rows; row++) {
        int start = offsets.getInt(row * Integer.BYTES);
        int end = offsets.getInt((row + 1) * Integer.BYTES);
        lists.add(isNull(column, row) ? null : Arrays.copyOfRange(elements, start, end));
      }
    }
    return lists;
  }

  private static boolean isNull(ColumnVector column, int row) {
    return column.getNullCount() > 0
        && (read(column.getValid()).get(row / Byte.SIZE) >> (row % Byte.SIZE) & 1) == 0;
  }

  private static ColumnVector column(
      DType type, List<?> rows, ByteBuffer data, ByteBuffer offsets, ColumnVector... children) {
    List<DeviceMemoryBuffer> owned = new ArrayList<>();
    long[] handles = new long[children.length];
    for (int child = 0; child < children.length; child++) {
      handles[child] = children[child].getNativeView();
      owned.addAll(children[child].handOver());
    }
    long nulls = rows.stream().filter(Objects::isNull).count();
    ColumnVector column =
        new ColumnVector(
            type,
            rows.size(),
            Optional.of(nulls),
            write(data),
            nulls == 0 ? null : write(validity(rows)),
            write(offsets),
            owned,
            handles);
    for (ColumnVector child : children) {
      child.close();
    }
    return column;
  }

  private static ByteBuffer validity(List<?> rows) {
    ByteBuffer bits = bytes((rows.size() + 511) / 512 * 64);
    for (int row = 0; row < rows.size(); row++) {
      int place = row / Byte.SIZE;
      int bit = rows.get(row) == null ? 0 : 1 << (row % Byte.SIZE);
      bits.put(place, (byte) (bits.get(place) | bit));
    }
    return bits;
  }

  private static ByteBuffer offsets(List<Integer> lengths) {
    ByteBuffer offsets = bytes((lengths.size() + 1) * Integer.BYTES);
    int offset = 0;
    offsets.putInt(offset);
    for (int length : lengths) {
      offset += length;
      offsets.putInt(offset);
    }
    return offsets;
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.nativeOrder());
  }

  private static DeviceMemoryBuffer write(ByteBuffer bytes) {
    if (bytes == null) {
      return null;
    }
    DeviceMemoryBuffer device = DeviceMemoryBuffer.allocate(bytes.capacity());
    try (HostMemoryBuffer host = HostMemoryBuffer.allocate(bytes.capacity())) {
      host.setBytes(0, bytes.array(), 0, bytes.capacity());
      device.copyFromHostBuffer(host);
    }
    return device;
  }

  private static ByteBuffer read(BaseDeviceMemoryBuffer device) {
    ByteBuffer bytes = bytes(Math.toIntExact(device.getLength()));
    try (HostMemoryBuffer host = HostMemoryBuffer.allocate(device.getLength())) {
      host.copyFromDeviceBuffer(device);
      host.getBytes(bytes.array(), 0, 0, bytes.capacity());
    }
    return bytes;
  }
}
