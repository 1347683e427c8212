package org.reelspark.jobs.randomcheckpoint;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;

/** What fills a tensor. */
interface Values {
  /**
   * Prepares to fill one tensor.
   *
   * @param type F32, F16 or BF16
   * @param stream separates the tensors of one seed
   */
  Filler filler(DType type, long seed, long stream);

  /** Fills parts of one tensor, in any order and by any number of threads. */
  interface Filler {
    /**
     * Writes elements from the start of a little-endian buffer on, leaving its position alone.
     *
     * @param first index of the first element, a multiple of {@link #GRANULE}
     */
    void fill(ByteBuffer out, long first, int count);
  }

  /** Elements that are drawn together. */
  int GRANULE = 8;
}
