package org.reelspark.backend.cuda;

import java.util.function.Supplier;
import org.reelspark.attention.AttentionStatistics;

/**
 * Brings the counts of attention calls to the host behind the kernels that make them, into
 * page-locked slots that later calls use again.
 */
final class StatisticsReadback implements AutoCloseable {
  /** Bytes of {@code AttentionStatistics} of {@code attention_arguments.h}. */
  static final int BYTES = 16;

  /** {@code kPartsOfBlock} of {@code attention_arguments.h}. */
  private static final double PARTS_OF_BLOCK = 840;

  /** Enough that a slot's last counts have long arrived when it is used again. */
  private static final int SLOTS = 128;

  private final CudaStream stream;
  private final PinnedMemory host;
  private final Pending[] pending = new Pending[SLOTS];
  private final CudaEvent[] arrived = new CudaEvent[SLOTS];
  private int next;

  StatisticsReadback(CudaStream stream) {
    this.stream = stream;
    host = new PinnedMemory(stream.device(), SLOTS * BYTES);
    for (int slot = 0; slot < SLOTS; slot++) {
      arrived[slot] = new CudaEvent(stream.device());
    }
  }

  /**
   * Enqueues a copy of what a kernel counts before it on the stream.
   *
   * @param counters address of the device's structure
   * @param admissible pairs of blocks that masking allows
   */
  Supplier<AttentionStatistics> enqueue(long counters, long admissible) {
    int slot = next;
    next = (next + 1) % SLOTS;
    if (pending[slot] != null) {
      pending[slot].settle();
    }
    stream.copyToHost(counters, host.address() + (long) slot * BYTES, BYTES);
    arrived[slot].record(stream);
    pending[slot] = new Pending(slot, admissible);
    return pending[slot];
  }

  private final class Pending implements Supplier<AttentionStatistics> {
    private final int slot;
    private final long admissible;
    private AttentionStatistics statistics;

    Pending(int slot, long admissible) {
      this.slot = slot;
      this.admissible = admissible;
    }

    void settle() {
      if (statistics == null) {
        arrived[slot].await();
        long selected = host.bytes().getLong(slot * BYTES);
        long skippedParts = host.bytes().getLong(slot * BYTES + Long.BYTES);
        statistics = new AttentionStatistics(admissible, selected, skippedParts / PARTS_OF_BLOCK);
      }
    }

    @Override
    public AttentionStatistics get() {
      settle();
      return statistics;
    }
  }

  /** Counts that were not asked for yet stay readable. */
  @Override
  public void close() {
    for (int slot = 0; slot < SLOTS; slot++) {
      if (pending[slot] != null) {
        pending[slot].settle();
      }
      arrived[slot].close();
    }
    host.close();
  }
}
