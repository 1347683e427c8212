package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.backend.TokenOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Gathers between latents and tokens: {@code tokens.cu}. Latents are F32. */
final class CudaTokens implements TokenOperations, AutoCloseable {
  private static final int PATCH_GRID_BYTES = 28;

  private final KernelLauncher launcher;
  private final CudaMemory memory;
  private final DeviceIndices orders;

  CudaTokens(KernelLauncher launcher, CudaMemory memory) {
    this.launcher = launcher;
    this.memory = memory;
    this.orders = new DeviceIndices(memory);
  }

  @Override
  public void gather(Tensor table, int[] indices, Tensor out) {
    Checks.floats(table, out);
    Checks.sameType(table, out);
    Checks.disjoint(out, table);
    long tableRows = table.shape().size(0);
    long columns = tableRows == 0 ? 0 : table.elementCount() / tableRows;
    Checks.size("elements of out", indices.length * columns, out.elementCount());
    if (out.elementCount() == 0) {
      return;
    }
    try (Tensor uploaded = DeviceIndices.upload(memory, indices, tableRows)) {
      launcher.forEachRow(
          "gather_rows",
          indices.length,
          launcher
              .arguments()
              .add(table.address())
              .add(uploaded.address())
              .add(out.address())
              .add((long) indices.length)
              .add(columns * out.dtype().bytes()));
    }
  }

  @Override
  public void patchify(Tensor latents, int[] patch, int[] order, Tensor out) {
    checkGrid(latents, patch, order, out);
    move("patchify", latents, out, latents.shape(), patch, order, latents.elementCount());
  }

  @Override
  public void unpatchify(Tensor tokens, int[] patch, int[] order, Tensor out) {
    checkGrid(out, patch, order, tokens);
    move("unpatchify", tokens, out, out.shape(), patch, order, out.elementCount());
  }

  private void move(
      String operation,
      Tensor from,
      Tensor to,
      Shape latents,
      int[] patch,
      int[] order,
      long count) {
    if (count == 0) {
      return;
    }
    Tensor indices = orders.of(order, order.length);
    launcher.forEach(
        EntryName.of(operation, from.dtype(), to.dtype()),
        count,
        launcher
            .arguments()
            .add(from.address())
            .add(indices.address())
            .add(patchGrid(latents, patch))
            .add(to.address()));
  }

  /** The bytes of {@code PatchGrid} of {@code patches.h}. */
  static ByteBuffer patchGrid(Shape latents, int[] patch) {
    ByteBuffer bytes = LaunchArguments.structure(PATCH_GRID_BYTES);
    for (int dimension = 0; dimension < 4; dimension++) {
      bytes.putInt(latents.intSize(dimension));
    }
    for (int size : patch) {
      bytes.putInt(size);
    }
    return bytes.flip();
  }

  private static void checkGrid(Tensor latents, int[] patch, int[] order, Tensor tokens) {
    Checks.floats(latents, tokens);
    Checks.disjoint(tokens, latents);
    Shape shape = latents.shape();
    Checks.size("dimensions of the latents", 4, shape.rank());
    Checks.size("dimensions of the patch", 3, patch.length);
    long patches = 1;
    long offsets = 1;
    for (int i = 0; i < 3; i++) {
      if (patch[i] < 1 || shape.size(i + 1) % patch[i] != 0) {
        throw new IllegalArgumentException(
            "patch size %d does not divide dimension %d of %s".formatted(patch[i], i + 1, shape));
      }
      patches *= shape.size(i + 1) / patch[i];
      offsets *= patch[i];
    }
    Checks.size("patches in the order", patches, order.length);
    Checks.size("rows of the tokens", patches, tokens.rows());
    Checks.size("columns of the tokens", shape.size(0) * offsets, tokens.columns());
  }

  @Override
  public void latentsToVideo(Tensor latents, float[] std, float[] mean, Tensor out) {
    Checks.floats(latents, out);
    Checks.type(DType.F32, latents);
    Checks.disjoint(out, latents);
    int channels = latents.shape().intSize(0);
    Checks.size("channels of out", channels, out.columns());
    Checks.size("elements of out", latents.elementCount(), out.elementCount());
    Checks.size("standard deviations", channels, std.length);
    Checks.size("means", channels, mean.length);
    Shape shape = Shape.of(channels);
    try (Tensor hostStd = Tensor.ofFloats(shape, std);
        Tensor hostMean = Tensor.ofFloats(shape, mean);
        Tensor deviations = memory.upload(hostStd);
        Tensor means = memory.upload(hostMean)) {
      launcher.forEach(
          EntryName.of("latents_to_video", out.dtype()),
          out.elementCount(),
          launcher
              .arguments()
              .add(latents.address())
              .add(deviations.address())
              .add(means.address())
              .add(out.address())
              .add(out.rows())
              .add(channels));
    }
  }

  @Override
  public void close() {
    orders.close();
  }
}
