package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import java.util.List;
import org.reelspark.backend.Activation;
import org.reelspark.backend.ElementwiseOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Element-wise arithmetic: {@code elementwise.cu}. */
final class CudaElementwise implements ElementwiseOperations {
  /** {@code kMostTerms} of {@code combination.h}. */
  private static final int MOST_TERMS = 6;

  private static final int COMBINATION_BYTES = 80;

  private final KernelLauncher launcher;
  private final CudaMemory memory;

  CudaElementwise(KernelLauncher launcher, CudaMemory memory) {
    this.launcher = launcher;
    this.memory = memory;
  }

  @Override
  public void combine(float[] coefficients, List<Tensor> inputs, Tensor out) {
    Checks.size("coefficients", inputs.size(), coefficients.length);
    if (inputs.isEmpty() || inputs.size() > MOST_TERMS) {
      throw new IllegalArgumentException("one to six inputs, found " + inputs.size());
    }
    Checks.floats(out);
    for (Tensor input : inputs) {
      check(out, input);
    }
    ByteBuffer sum =
        combination(inputs.stream().mapToLong(Tensor::address).toArray(), coefficients);
    launcher.forEachOctet(
        EntryName.of("combine", out.dtype()),
        out.elementCount(),
        launcher.arguments().add(sum).add(out.address()).add(out.elementCount()));
  }

  /** The bytes of {@code Combination} of {@code combination.h}. */
  static ByteBuffer combination(long[] terms, float[] coefficients) {
    ByteBuffer bytes = LaunchArguments.structure(COMBINATION_BYTES);
    for (int i = 0; i < terms.length; i++) {
      bytes.putLong(i * Long.BYTES, terms[i]);
      bytes.putFloat(MOST_TERMS * Long.BYTES + i * Float.BYTES, coefficients[i]);
    }
    bytes.putInt(MOST_TERMS * (Long.BYTES + Float.BYTES), terms.length);
    return bytes;
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    check(a, b);
    check(a, out);
    launcher.forEachOctet(
        EntryName.of("multiply", out.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(a.address())
            .add(b.address())
            .add(out.address())
            .add(out.elementCount()));
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    check(x, out);
    launcher.forEachOctet(
        EntryName.of("activate", out.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(x.address())
            .add(number(activation))
            .add(out.address())
            .add(out.elementCount()));
  }

  @Override
  public void addRow(Tensor x, Tensor row, Tensor out) {
    check(x, out);
    Checks.floats(row);
    Checks.type(DType.F32, row);
    Checks.size("elements of the row", x.columns(), row.elementCount());
    launcher.forEachOctet(
        EntryName.of("add_row", out.dtype()),
        out.elementCount(),
        launcher
            .arguments()
            .add(x.address())
            .add(row.address())
            .add(out.address())
            .add(x.rows())
            .add(Math.toIntExact(x.columns())));
  }

  /**
   * {@code residual[r, :] += gate[r, :] * branch[r, :]}.
   *
   * @param branch of the type of the residual, or of 16 bits where that is F32
   * @param gate F32, one row for all or one for each, or null for none
   */
  void gatedAdd(Tensor branch, Tensor gate, Tensor residual) {
    Checks.floats(branch, residual);
    Checks.sameShape(branch, residual);
    long gateStride = 0;
    if (gate != null) {
      Checks.floats(gate);
      Checks.type(DType.F32, gate);
      gateStride = Checks.rowStride("gate", gate, residual);
    }
    launcher.forEachOctet(
        gatedAddEntry(branch.dtype(), residual.dtype()),
        residual.elementCount(),
        launcher
            .arguments()
            .add(branch.address())
            .add(gate == null ? 0 : gate.address())
            .add(gateStride)
            .add(residual.address())
            .add(residual.rows())
            .add(Math.toIntExact(residual.columns())));
  }

  private static String gatedAddEntry(DType branch, DType residual) {
    return branch == residual
        ? EntryName.of("gated_add", branch)
        : EntryName.of("gated_add", branch, residual);
  }

  /** {@inheritDoc} Waits for the answer. */
  @Override
  public boolean isFinite(Tensor x) {
    Checks.floats(x);
    CudaStream stream = launcher.stream();
    stream.device().makeCurrent();
    Shape one = Shape.of(1);
    try (Tensor found = memory.allocate(DType.I32, one);
        Tensor host = Tensor.allocateHost(DType.I32, one)) {
      stream.clear(found.address(), found.byteSize());
      launcher.forEachOctet(
          EntryName.of("find_not_finite", x.dtype()),
          x.elementCount(),
          launcher.arguments().add(x.address()).add(x.elementCount()).add(found.address()));
      memory.copy(found, host);
      return host.buffer().getInt(0) == 0;
    }
  }

  /** As the kernels number it. */
  static int number(Activation activation) {
    return switch (activation) {
      case NONE -> 0;
      case SILU -> 1;
      case GELU_TANH -> 2;
    };
  }

  private static void check(Tensor a, Tensor b) {
    Checks.floats(a, b);
    Checks.sameType(a, b);
    Checks.sameShape(a, b);
  }
}
