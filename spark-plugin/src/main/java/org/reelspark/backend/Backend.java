package org.reelspark.backend;

/**
 * The operations that models need, on one device. Operations may be asynchronous; {@link #copy} to
 * host memory waits for them. One thread at a time may use a backend; results do not depend on how
 * many threads the backend itself uses.
 */
public interface Backend
    extends MemoryOperations,
        LinearOperations,
        NormOperations,
        AttentionOperations,
        ConvolutionOperations,
        TokenOperations,
        ElementwiseOperations,
        AutoCloseable {
  /** Short name for logs and results, such as {@code cpu}. */
  String name();

  /** One line on the device: processor, threads, instruction set, library versions. */
  String describe();

  /**
   * Names what decides the bits of results beside the inputs: types and precisions. Backends of one
   * kind of device that agree on it give the same bits.
   */
  String arithmetic();

  @Override
  void close();
}
