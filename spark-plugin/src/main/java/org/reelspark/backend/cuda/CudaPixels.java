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
    long channels = in.size(3) / 2;
    Checks.shape("out", out, 2 * in.size(0), in.size(1), in.size(2), channels);
    launcher.forEachOctet(
        EntryName.of("interleave_frames", x.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(x.address())
            .add(out.address())
            .add(in.size(0))
            .add(in.size(1) * in.size(2))
            .add(Math.toIntExact(channels)));
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
    int channels = Math.toIntExact(in.size(3) / patch / patch);
    Checks.shape("out", out, in.size(0), in.size(1) * patch, in.size(2) * patch, channels);
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
            .add(channels)
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

  private static void check(Tensor x, Tensor out) {
    Checks.floats(x, out);
    Checks.sameType(x, out);
    Checks.disjoint(out, x);
  }
}
