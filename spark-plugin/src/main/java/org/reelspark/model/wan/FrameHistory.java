package org.reelspark.model.wan;

import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The last input frames of one causal convolution, which its next frames look back to. */
final class FrameHistory implements AutoCloseable {
  private final Backend backend;
  private final int length;
  private final Tensor frames;
  private int known;

  /**
   * @param x an input of the convolution, for its size
   */
  FrameHistory(Backend backend, Convolution convolution, Tensor x) {
    this.backend = backend;
    this.length = convolution.kernelFrames() - 1;
    Shape shape = Shape.of(length, x.shape().size(1), x.shape().size(2), x.shape().size(3));
    this.frames = backend.allocate(x.dtype(), shape);
  }

  /** The frames just before the next ones, as many as there were, or null when there were none. */
  Tensor frames() {
    return known == 0 ? null : frames.slice(length - known, length);
  }

  /** Takes note of frames that the convolution has seen. */
  void append(Tensor x) {
    int count = Math.min(length, x.shape().intSize(0));
    int kept = Math.min(known, length - count);
    for (int i = length - count - kept; i < length - count; i++) {
      backend.copy(frames.slice(i + count, i + count + 1L), frames.slice(i, i + 1L));
    }
    long end = x.shape().size(0);
    backend.copy(x.slice(end - count, end), frames.slice(length - count, length));
    known = kept + count;
  }

  @Override
  public void close() {
    frames.close();
  }
}
