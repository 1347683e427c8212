package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/**
 * A kernel that is loaded, with what it is launched with.
 *
 * @param architecture of the image it comes from
 * @param residentBlocks that the GPU holds at once
 */
record Kernel(
    KernelTable.Entry entry, String architecture, CUfunction function, int residentBlocks) {
  /** Blocks of a launch in its three dimensions. */
  record Grid(long x, long y, long z) {
    static Grid of(long x) {
      return new Grid(x, 1, 1);
    }

    /** The driver reads 32 bits, and {@code y} and {@code z} end at 65535. */
    Grid {
      if (x < 1 || x > Integer.MAX_VALUE || y < 1 || y > 65535 || z < 1 || z > 65535) {
        throw new IllegalArgumentException("no grid of %d x %d x %d blocks".formatted(x, y, z));
      }
    }
  }

  /**
   * Enqueues a launch with the shared memory that the table names.
   *
   * @param arguments direct buffers, one for each parameter; the driver copies them in this call
   */
  void launch(CudaStream stream, Grid grid, ByteBuffer... arguments) {
    launch(stream, grid, entry.sharedBytes(), arguments);
  }

  /**
   * Enqueues a launch.
   *
   * @param sharedBytes dynamic shared memory of a block, at most what the table names
   */
  void launch(CudaStream stream, Grid grid, int sharedBytes, ByteBuffer... arguments) {
    Pointer[] parameters = new Pointer[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      parameters[i] = Pointer.to(arguments[i]);
    }
    launch(stream, grid, sharedBytes, Pointer.to(parameters));
  }

  /** Enqueues a launch with the shared memory that the table names. */
  void launch(CudaStream stream, Grid grid, KernelArguments arguments) {
    launch(stream, grid, entry.sharedBytes(), arguments.pointers());
  }

  private void launch(CudaStream stream, Grid grid, int sharedBytes, Pointer parameters) {
    CudaCalls.check(
        JCudaDriver.cuLaunchKernel(
            function,
            (int) grid.x(),
            (int) grid.y(),
            (int) grid.z(),
            entry.threads(),
            1,
            1,
            sharedBytes,
            stream.handle(),
            parameters,
            null),
        "launching " + entry.name());
  }
}
