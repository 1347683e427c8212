package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/** Buffers over the frames of a video {@code [T, H, W, C]} in host memory, each at most 2 GiB. */
final class VideoFrames {
  private final Tensor video;
  private final FloatBuffer[] frames;

  VideoFrames(Tensor video) {
    this.video = video;
    this.frames = new FloatBuffer[video.shape().intSize(0)];
    for (int frame = 0; frame < frames.length; frame++) {
      int bytes = Math.toIntExact(frameBytes());
      frames[frame] = HostMemory.view(address(frame, 0, 0), bytes).asFloatBuffer();
    }
  }

  int count() {
    return frames.length;
  }

  int height() {
    return video.shape().intSize(1);
  }

  int width() {
    return video.shape().intSize(2);
  }

  int channels() {
    return video.shape().intSize(3);
  }

  /** All pixels of a frame. */
  FloatBuffer pixels(int frame) {
    return frames[frame];
  }

  /** Index of a pixel's first channel within its frame. */
  int offset(int row, int column) {
    return (row * width() + column) * channels();
  }

  long address(int frame, int row, int column) {
    return video.address() + frame * frameBytes() + (long) offset(row, column) * Float.BYTES;
  }

  private long frameBytes() {
    return (long) height() * width() * channels() * Float.BYTES;
  }
}
