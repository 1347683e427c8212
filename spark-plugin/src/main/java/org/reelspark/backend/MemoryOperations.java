package org.reelspark.backend;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Allocation and transfer, and the types that a backend computes in. */
public interface MemoryOperations {
  /**
   * Type of what linear layers and attention read, weights included: F32 or a narrower one that the
   * device multiplies faster. Large layers may read a narrower one ({@link #uploadLarge}). Residual
   * streams, latents, the layers between these and tokens, norms and modulation are F32 everywhere.
   */
  DType activationType();

  /** As {@link #activationType}, for text encoders, whose values are larger than f16 can hold. */
  DType textType();

  /** Type of video inside an autoencoder, and of the weights that it meets. */
  DType pixelType();

  /** Uninitialised tensor in the backend's memory; the caller closes it. */
  Tensor allocate(DType dtype, Shape shape);

  /**
   * Copies host weights of any float type into the backend's memory; the caller closes both.
   *
   * @param dtype of the result: F32 or one of the types above
   */
  Tensor upload(Tensor host, DType dtype);

  /**
   * Copies the host weights of a large layer between activations into the backend's memory, in the
   * type that the backend multiplies such layers in: {@link #activationType} or a narrower one. The
   * caller closes all.
   *
   * @param resultType of what the layer writes or is added to
   */
  default Linear uploadLarge(Tensor weight, Tensor bias, DType resultType) {
    Tensor uploaded = upload(weight, activationType());
    try {
      return new Linear(uploaded, upload(bias, resultType));
    } catch (RuntimeException | Error e) {
      uploaded.close();
      throw e;
    }
  }

  /**
   * Copies values; source and destination lie in host or backend memory, of equal type and element
   * count.
   */
  void copy(Tensor source, Tensor destination);

  default Tensor upload(Tensor host) {
    return upload(host, DType.F32);
  }

  default Tensor allocate(long... sizes) {
    return allocate(DType.F32, Shape.of(sizes));
  }
}
