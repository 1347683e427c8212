package org.reelspark.backend.cuda;

import java.util.Locale;
import org.reelspark.tensor.DType;

/** Launches kernels by name on one stream. One thread at a time. */
final class KernelLauncher implements AutoCloseable {
  /** Enough to hide the latency of memory; more would only be set up. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 16;

  private final CudaStream stream;
  private final KernelLibrary kernels;
  private final KernelArguments arguments = new KernelArguments();
  private final long mostBlocks;

  KernelLauncher(CudaStream stream, KernelLibrary kernels) {
    this.stream = stream;
    this.kernels = kernels;
    mostBlocks = (long) BLOCKS_OF_MULTIPROCESSOR * stream.device().multiprocessors();
  }

  CudaStream stream() {
    return stream;
  }

  /** Empty arguments of the next launch, to be filled and passed to it. */
  KernelArguments arguments() {
    return arguments.start();
  }

  /**
   * Enqueues a kernel that is right for any grid.
   *
   * @param threads that have something to do; none when it is 0
   */
  void forEach(String entry, long threads, KernelArguments filled) {
    if (threads == 0) {
      return;
    }
    Kernel kernel = kernels.kernel(entry);
    long blockThreads = kernel.entry().threads();
    long blocks = Math.min(mostBlocks, Blocks.of(threads, blockThreads));
    stream.device().makeCurrent();
    kernel.launch(stream, Kernel.Grid.of(blocks), filled);
  }

  /** Enqueues a kernel with at least so many threads. */
  void launchThreads(String entry, long threads, KernelArguments filled) {
    long blockThreads = kernels.kernel(entry).entry().threads();
    launch(entry, Kernel.Grid.of(Blocks.of(threads, blockThreads)), filled);
  }

  /** Enqueues a kernel with the grid that it needs. */
  void launch(String entry, Kernel.Grid grid, KernelArguments filled) {
    stream.device().makeCurrent();
    kernels.kernel(entry).launch(stream, grid, filled);
  }

  /** As the names of kernels have it. */
  static String name(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void close() {
    arguments.close();
  }
}
