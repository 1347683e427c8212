package org.reelspark.backend.cuda;

/** Launches kernels by name on one stream. One thread at a time. */
final class KernelLauncher implements AutoCloseable {
  /** Enough to hide the latency of memory; more would only be set up. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 16;

  /** Rows share warps or take one each; a warp for each row is enough to fill the GPU. */
  private static final int THREADS_OF_ROW = 32;

  /** {@code kOctet} of {@code elements.h}. */
  private static final int ELEMENTS_OF_THREAD = 8;

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

  /** Enqueues a kernel, right for any grid, whose warps work on rows. */
  void forEachRow(String entry, long rows, KernelArguments filled) {
    forEach(entry, rows * THREADS_OF_ROW, filled);
  }

  /** Enqueues a kernel, right for any grid, whose threads take eight elements at a time. */
  void forEachOctet(String entry, long elements, KernelArguments filled) {
    forEach(entry, Blocks.of(elements, ELEMENTS_OF_THREAD), filled);
  }

  /**
   * Enqueues a kernel whose threads take eight elements each, with all the blocks that it needs.
   */
  void launchOctets(String entry, long elements, KernelArguments filled) {
    long threads = Blocks.of(elements, ELEMENTS_OF_THREAD);
    long blockThreads = kernels.kernel(entry).entry().threads();
    launch(entry, Kernel.Grid.of(Blocks.of(threads, blockThreads)), filled);
  }

  /** Enqueues a kernel with the grid that it needs. */
  void launch(String entry, Kernel.Grid grid, KernelArguments filled) {
    stream.device().makeCurrent();
    kernels.kernel(entry).launch(stream, grid, filled);
  }

  @Override
  public void close() {
    arguments.close();
  }
}
