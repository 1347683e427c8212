package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Rearrangements of channels-last video: {@code pixels.cu}. */
final class CudaPixels {
  private final KernelLauncher launcher;
  private final CudaMemory memory;

  CudaPixels(KernelLauncher launcher, CudaMemory memory) {
    this.launcher = launcher;
    this.memory = memory;
  }

  void interleaveFrames(Tensor x, Tensor out) {
    check(x, out);
    Shape in = x.shape();
    Checks.shape("out", out, interleaved(in));
    launcher.forEachOctet(
        EntryName.of("interleave_frames", x.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(x.address())
            .add(out.address())
            .add(in.size(0))
            .add(in.size(1) * in.size(2))
            .add(out.shape().intSize(3)));
  }

  void duplicateUpsampleAdd(Tensor x, int frameFactor, int droppedFrames, Tensor out) {
    check(x, out);
    Shape in = x.shape();
    int outputs = out.shape().intSize(3);
    if (4L * frameFactor * outputs % in.size(3) != 0) {
      throw new IllegalArgumentException(
          "%d channels do not spread evenly over %d frames of 2 x 2 pixels of %d"
              .formatted(in.size(3), frameFactor, outputs));
    }
    long frames = in.size(0) * frameFactor - droppedFrames;
    Checks.shape("out", out, frames, 2 * in.size(1), 2 * in.size(2), outputs);
    launcher.forEachOctet(
        EntryName.of("duplicate_upsample_add", x.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(x.address())
            .add(out.address())
            .add(frames)
            .add(in.intSize(1))
            .add(in.intSize(2))
            .add(in.intSize(3))
            .add(outputs)
            .add(frameFactor)
            .add(droppedFrames));
  }

  void unpatchifyPixels(Tensor x, int patch, Tensor out) {
    check(x, out);
    Shape in = x.shape();
    Checks.shape("out", out, unpatchified(in, patch));
    launcher.forEach(
        EntryName.of("unpatchify_pixels", x.dtype()),
        out.rows(),
        launcher
            .arguments()
            .add(x.address())
            .add(out.address())
            .add(in.size(0))
            .add(in.intSize(1))
            .add(in.intSize(2))
            .add(out.shape().intSize(3))
            .add(patch));
  }

  /** Waits for the bytes. */
  void toRgb(Tensor x, Tensor out) {
    Checks.floats(x);
    Checks.sameShape(x, out);
    if (out.dtype() != DType.U8 || out.space() != MemorySpace.HOST) {
      throw new IllegalArgumentException("expected U8 in host memory, found " + out);
    }
    try (Tensor bytes = memory.allocate(DType.U8, out.shape())) {
      launcher.forEachOctet(
          EntryName.of("to_rgb", x.dtype()),
          x.elementCount(),
          launcher.arguments().add(x.address()).add(bytes.address()).add(x.elementCount()));
      memory.copy(bytes, out);
    }
  }

  /** Sizes of what two frames in each frame's channels become. */
  static long[] interleaved(Shape x) {
    return new long[] {2 * x.size(0), x.size(1), x.size(2), part(x.size(3), 2)};
  }

  /** Sizes of what patches of pixels in each pixel's channels become. */
  static long[] unpatchified(Shape x, int patch) {
    return new long[] {
      x.size(0), x.size(1) * patch, x.size(2) * patch, part(x.size(3), patch * patch)
    };
  }

  private static long part(long channels, int parts) {
    if (channels % parts != 0) {
      throw new IllegalArgumentException(
          "%d channels do not split into %d equal parts".formatted(channels, parts));
    }
    return channels / parts;
  }

  private static void check(Tensor x, Tensor out) {
    Checks.floats(x, out);
    Checks.sameType(x, out);
    Checks.disjoint(out, x);
  }
}
