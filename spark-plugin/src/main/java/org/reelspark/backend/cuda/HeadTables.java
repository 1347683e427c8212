package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Parameters of heads in device memory. A model uses the same few hundred lists again and again:
 * copying one at every call would wait for the calls before.
 */
final class HeadTables implements AutoCloseable {
  /** Bytes of {@code HeadSelection} of {@code preparation.h}. */
  private static final int SELECTION_BYTES = 12;

  /** More than any model has layers times ranges of timesteps. */
  private static final int MOST_TABLES = 1024;

  private final CudaMemory memory;
  private final Map<List<HeadParameters>, Table> tables = new HashMap<>();

  HeadTables(CudaMemory memory) {
    this.memory = memory;
  }

  /**
   * @param tensor selections of the heads, then their PV thresholds
   */
  record Table(Tensor tensor, int heads) {
    long selections() {
      return tensor.address();
    }

    long pvThresholds() {
      return tensor.address() + (long) heads * SELECTION_BYTES;
    }
  }

  Table table(List<HeadParameters> heads) {
    if (tables.size() >= MOST_TABLES && !tables.containsKey(heads)) {
      close();
    }
    return tables.computeIfAbsent(heads, this::upload);
  }

  private Table upload(List<HeadParameters> heads) {
    try (Tensor host = Tensor.allocateHost(DType.U8, Shape.of(byteSize(heads.size())))) {
      write(heads, host.buffer());
      return new Table(memory.upload(host, host.dtype()), heads.size());
    }
  }

  static int byteSize(int heads) {
    return heads * (SELECTION_BYTES + Float.BYTES);
  }

  static void write(List<HeadParameters> heads, ByteBuffer bytes) {
    for (HeadParameters head : heads) {
      bytes.putInt(rule(head.selection())).putFloat(amount(head.selection()));
      bytes.putFloat(head.similarityThreshold());
    }
    for (HeadParameters head : heads) {
      bytes.putFloat(head.pvThreshold());
    }
  }

  /** As the kernels number it. */
  private static int rule(BlockSelection selection) {
    if (selection instanceof BlockSelection.TopCdf) {
      return 1;
    }
    return selection instanceof BlockSelection.TopK ? 2 : 0;
  }

  private static float amount(BlockSelection selection) {
    if (selection instanceof BlockSelection.TopCdf topCdf) {
      return topCdf.threshold();
    }
    return selection instanceof BlockSelection.TopK topK ? topK.fraction() : 0;
  }

  @Override
  public void close() {
    tables.values().forEach(table -> table.tensor().close());
    tables.clear();
  }
}
