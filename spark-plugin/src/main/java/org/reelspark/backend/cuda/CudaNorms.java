package org.reelspark.backend.cuda;

import org.reelspark.backend.Activation;
import org.reelspark.backend.NormOperations;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Normalisations: {@code norms.cu}. Weights are F32; out may be of a narrower type than x. */
final class CudaNorms implements NormOperations {
  private final KernelLauncher launcher;

  CudaNorms(KernelLauncher launcher) {
    this.launcher = launcher;
  }

  @Override
  public void layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor out) {
    layerNorm(x, weight, 0, bias, epsilon, out);
  }

  @Override
  public void layerNormModulate(Tensor x, Tensor shift, Tensor scale, float epsilon, Tensor out) {
    layerNorm(x, scale, 1, shift, epsilon, out);
  }

  private void layerNorm(
      Tensor x, Tensor factor, float offset, Tensor addend, float epsilon, Tensor out) {
    check(x, out);
    Checks.floats(factor, addend);
    Checks.type(DType.F32, factor, addend);
    Checks.sameShape(factor, addend);
    long parameterStride = Checks.rowStride("scale and shift", factor, x);
    launcher.forEachRow(
        EntryName.of("layer_norm", x.dtype(), out.dtype()),
        x.rows(),
        launcher
            .arguments()
            .add(x.address())
            .add(x.columns())
            .add(factor.address())
            .add(offset)
            .add(addend.address())
            .add(parameterStride)
            .add(epsilon)
            .add(out.address())
            .add(out.columns())
            .add(x.rows())
            .add(columns(x)));
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    check(x, out);
    checkWeight(weight, x);
    launcher.forEachRow(
        EntryName.of("rms_norm", x.dtype(), out.dtype()),
        x.rows(),
        launcher
            .arguments()
            .add(x.address())
            .add(x.columns())
            .add(weight.address())
            .add(epsilon)
            .add(out.address())
            .add(out.columns())
            .add(x.rows())
            .add(columns(x)));
  }

  @Override
  public void rmsNormRotary(
      Tensor x, Tensor weight, float epsilon, RotaryTable rotary, Tensor out) {
    check(x, out);
    Checks.sameType(x, out);
    checkWeight(weight, x);
    Checks.floats(rotary.cos(), rotary.sin());
    Checks.type(DType.F32, rotary.cos(), rotary.sin());
    Checks.sameShape(rotary.cos(), rotary.sin());
    Checks.size("rows of the rotary table", x.rows(), rotary.cos().rows());
    int headDimension = Math.toIntExact(2 * rotary.cos().columns());
    if (x.columns() % headDimension != 0) {
      throw new IllegalArgumentException(
          "%d columns are not whole heads of %d".formatted(x.columns(), headDimension));
    }
    launcher.forEachRow(
        EntryName.of("rms_norm_rotary", x.dtype()),
        x.rows(),
        launcher
            .arguments()
            .add(x.address())
            .add(x.columns())
            .add(weight.address())
            .add(epsilon)
            .add(rotary.cos().address())
            .add(rotary.sin().address())
            .add(out.address())
            .add(out.columns())
            .add((long) headDimension)
            .add(x.rows())
            .add(columns(x) / headDimension)
            .add(headDimension));
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    check(x, out);
    Checks.sameType(x, out);
    checkWeight(gamma, x);
    if (activation == Activation.GELU_TANH) {
      throw new IllegalArgumentException("channel norm is followed by NONE or SILU");
    }
    launcher.forEachRow(
        EntryName.of("channel_norm", x.dtype()),
        x.rows(),
        launcher
            .arguments()
            .add(x.address())
            .add(gamma.address())
            .add(CudaElementwise.number(activation))
            .add(out.address())
            .add(x.rows())
            .add(columns(x)));
  }

  private static int columns(Tensor x) {
    return Math.toIntExact(x.columns());
  }

  private static void check(Tensor x, Tensor out) {
    Checks.floats(x, out);
    Checks.sameShape(x, out);
  }

  private static void checkWeight(Tensor weight, Tensor x) {
    Checks.floats(weight);
    Checks.type(DType.F32, weight);
    Checks.size("elements of the weight", x.columns(), weight.elementCount());
  }
}
