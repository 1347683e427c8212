package org.reelspark.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** cuBLASLt of this machine, opened once for each JVM through the shim in the jar. */
final class CublasLtLibrary {
  private static final String SHIM = "/kernels/linux-x86_64/libreelspark_cublaslt.so";

  private static boolean loaded;

  private CublasLtLibrary() {}

  /**
   * Opens the library.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE without the shim or the library
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    loadShim(Path.of(System.getProperty("java.io.tmpdir")));
    String problem = CublasLt.open();
    if (problem != null) {
      throw new ReelsparkException(ErrorCode.BACKEND_UNAVAILABLE, notFound(problem));
    }
    loaded = true;
  }

  private static void loadShim(Path directory) {
    try (InputStream content = CublasLtLibrary.class.getResourceAsStream(SHIM)) {
      if (content == null) {
        throw new ReelsparkException(
            ErrorCode.BACKEND_UNAVAILABLE,
            "this jar was built without the binding of cuBLASLt (%s is missing); build it on Linux on x86-64 with a C++ compiler, or use the CPU backend"
                .formatted(SHIM));
      }
      byte[] bytes = content.readAllBytes();
      System.load(SharedLibraryFile.publish(bytes, directory, fileName(bytes)).toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (UnsatisfiedLinkError e) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE, notLoaded(directory, e.getMessage()), e);
    }
  }

  /** What to tell a user whose JVM does not take the binding. */
  static String notLoaded(Path directory, String problem) {
    String remedy =
        problem.contains("already loaded in another classloader")
            ? "another copy of this jar in the JVM has it: give the jar to Spark at start, by --jars or the class path, and to no session"
            : "set java.io.tmpdir to a directory that is not mounted noexec";
    return "the binding of cuBLASLt cannot be loaded from %s: %s; %s"
        .formatted(directory, problem, remedy);
  }

  /** Of its content, so that JVMs with different versions do not replace each other's file. */
  private static String fileName(byte[] bytes) {
    CRC32 checksum = new CRC32();
    checksum.update(bytes);
    return "libreelspark_cublaslt-%08x.so".formatted(checksum.getValue());
  }

  /** What to tell a user who has no cuBLASLt. */
  static String notFound(String problem) {
    return "cuBLASLt, which multiplies matrices on the GPU, cannot be opened: %s; install the CUDA 12 or 13 library libcublasLt, and name its directory in LD_LIBRARY_PATH of the executors (spark.executorEnv.LD_LIBRARY_PATH), or use the CPU backend"
        .formatted(problem);
  }

  /** Such as {@code 13.4.1}. */
  static String version() {
    long number = CublasLt.version();
    return "%d.%d.%d".formatted(number / 10000, number / 100 % 100, number % 100);
  }
}
