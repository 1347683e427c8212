package org.reelspark.spark;

import java.io.Serializable;
import org.reelspark.attention.Grid;
import org.reelspark.attention.HilbertCurve;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import scala.runtime.AbstractFunction6;

/** The body of {@code hilbert_index}. */
final class HilbertIndexFunction
    extends AbstractFunction6<Object, Object, Object, Object, Object, Object, Object>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Integers, or null for a null result. */
  @Override
  public Object apply(
      Object frame, Object row, Object column, Object frames, Object height, Object width) {
    for (Object argument : new Object[] {frame, row, column, frames, height, width}) {
      if (argument == null) {
        return null;
      }
    }
    try {
      Grid grid = new Grid((Integer) frames, (Integer) height, (Integer) width);
      return HilbertCurve.index((Integer) frame, (Integer) row, (Integer) column, grid);
    } catch (IllegalArgumentException | IndexOutOfBoundsException | ArithmeticException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION,
          "hilbert_index(%s, %s, %s, %s, %s, %s): %s"
              .formatted(frame, row, column, frames, height, width, e.getMessage()),
          e);
    }
  }
}
