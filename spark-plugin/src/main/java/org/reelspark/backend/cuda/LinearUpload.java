package org.reelspark.backend.cuda;

import org.reelspark.backend.Linear;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Puts the weights of large linear layers on the device in the type that they multiply in. */
final class LinearUpload {
  private final CudaMemory memory;
  private final CudaQuantisation quantisation;
  private final LinearPrecision precision;

  LinearUpload(CudaMemory memory, CudaQuantisation quantisation, LinearPrecision precision) {
    this.memory = memory;
    this.quantisation = quantisation;
    this.precision = precision;
  }

  /** As {@link org.reelspark.backend.MemoryOperations#uploadLarge}. */
  Linear upload(Tensor weight, Tensor bias, DType resultType) {
    return switch (precision) {
      case SIXTEEN_BIT -> memory.uploadLarge(weight, bias, resultType);
      case EIGHT_BIT ->
          fits(weight.shape())
              ? uploadEightBit(weight, bias)
              : memory.uploadLarge(weight, bias, resultType);
    };
  }

  /** Whether products can read it in 8 bits. */
  static boolean fits(Shape weight) {
    return weight.size(0) % MatrixProduct.EIGHT_BIT_MULTIPLE == 0
        && weight.size(1) % MatrixProduct.EIGHT_BIT_MULTIPLE == 0;
  }

  /** The products write activations, whatever these are added to. */
  private Linear uploadEightBit(Tensor weight, Tensor bias) {
    Tensor uploadedBias = memory.upload(bias, memory.activationType());
    try (Tensor stored = memory.upload(weight, weight.dtype())) {
      ScaledRows rows = quantisation.quantise(stored);
      return new Linear(rows.values(), rows.scales(), uploadedBias);
    } catch (RuntimeException | Error e) {
      uploadedBias.close();
      throw e;
    }
  }
}
