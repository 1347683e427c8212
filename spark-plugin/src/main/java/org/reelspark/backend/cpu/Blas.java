package org.reelspark.backend.cpu;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * OpenBLAS on addresses. It runs on the calling thread only: the backend's own threads each call it
 * for their tiles.
 */
final class Blas {
  /** Whether a matrix is used as it lies in memory. */
  enum Operand {
    PLAIN(CblasNoTrans),
    TRANSPOSED(CblasTrans);

    private final int code;

    Operand(int code) {
      this.code = code;
    }
  }

  /**
   * A row-major matrix in host memory.
   *
   * @param stride floats from one row to the next
   */
  record Matrix(long address, int stride, Operand operand) {
    static Matrix plain(long address, long stride) {
      return new Matrix(address, Math.toIntExact(stride), Operand.PLAIN);
    }

    static Matrix transposed(long address, long stride) {
      return new Matrix(address, Math.toIntExact(stride), Operand.TRANSPOSED);
    }
  }

  private Blas() {}

  /**
   * Loads the library.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE when there is none for this platform
   */
  static void load() {
    try {
      useThreads(1);
    } catch (LinkageError e) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "cannot load OpenBLAS for %s: %s; put the jar org.bytedeco:openblas with classifier %s on the class path"
              .formatted(Loader.getPlatform(), e.getMessage(), Loader.getPlatform()),
          e);
    }
  }

  /** How many of its own threads OpenBLAS uses from now on, in this whole JVM. */
  static void useThreads(int threads) {
    openblas_nolapack.blas_set_num_threads(threads);
  }

  static String version() {
    return openblas_nolapack.OPENBLAS_VERSION.trim();
  }

  /** {@code c[m, n] = alpha * a[m, k] b[k, n] + beta * c}; c is plain. */
  static void multiply(
      long m, long n, long k, float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    openblas_nolapack.cblas_sgemm(
        CblasRowMajor,
        a.operand.code,
        b.operand.code,
        Math.toIntExact(m),
        Math.toIntExact(n),
        Math.toIntExact(k),
        alpha,
        new Floats(a.address),
        a.stride,
        new Floats(b.address),
        b.stride,
        beta,
        new Floats(c.address),
        c.stride);
  }

  private static final class Floats extends FloatPointer {
    Floats(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }
}
