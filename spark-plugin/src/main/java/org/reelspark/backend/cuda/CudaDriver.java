package org.reelspark.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import jcuda.CudaException;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** NVIDIA's driver, loaded and initialised once for each JVM. */
final class CudaDriver {
  private static final String DRIVER_LIBRARY = "libcuda.so.1";

  private static CudaDriver loaded;

  /** A failure to load is final, because the JVM does not initialise a class twice. */
  private static String failure;

  private final CudaVersion version;

  private CudaDriver(CudaVersion version) {
    this.version = version;
  }

  /**
   * The driver of this machine.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE without a driver, a GPU, or a binding for this
   *     platform
   */
  static synchronized CudaDriver load() {
    if (failure != null) {
      throw unavailable(failure);
    }
    if (loaded == null) {
      try {
        loaded = initialise();
      } catch (LinkageError | CudaException e) {
        failure = linkFailure(e);
        throw new ReelsparkException(ErrorCode.BACKEND_UNAVAILABLE, failure, e);
      }
    }
    return loaded;
  }

  private static CudaDriver initialise() {
    publishBinding(Path.of(System.getProperty("java.io.tmpdir")));
    int result = JCudaDriver.cuInit(0);
    if (result != CUresult.CUDA_SUCCESS) {
      throw unavailable(initFailure(result));
    }
    int[] version = new int[1];
    CudaCalls.check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
    return new CudaDriver(CudaVersion.ofDriver(version[0]));
  }

  /** Puts the library that JCuda is about to load where it looks for it. */
  static Path publishBinding(Path directory) {
    String name = bindingName();
    try (InputStream content = JCudaDriver.class.getResourceAsStream("/lib/" + name)) {
      if (content == null) {
        throw unavailable(
            "no CUDA binding for %s on %s in this jar (lib/%s is missing); GPUs need Linux on x86-64"
                .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), name));
      }
      return SharedLibraryFile.publish(content.readAllBytes(), directory, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String bindingName() {
    return LibUtils.createLibraryFileName(
        LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get()));
  }

  /** What to tell a user when the binding does not load. */
  static String linkFailure(Throwable cause) {
    // When someone tried before, the reason is in the cause of the second error.
    String detail = cause.getMessage() + " " + (cause.getCause() == null ? "" : cause.getCause());
    if (detail.contains(DRIVER_LIBRARY)) {
      return "no NVIDIA driver: "
          + DRIVER_LIBRARY
          + " was not found; install the driver (and run containers with the NVIDIA runtime), or use the CPU backend";
    }
    if (detail.contains("failed to map segment")) {
      return "the CUDA binding cannot be loaded from %s, which is mounted noexec; set java.io.tmpdir to another directory"
          .formatted(System.getProperty("java.io.tmpdir"));
    }
    return "the CUDA binding cannot be loaded: " + detail.strip();
  }

  /** What to tell a user when the driver is there but does not start. */
  static String initFailure(int result) {
    String name = CUresult.stringFor(result);
    return switch (result) {
      case CUresult.CUDA_ERROR_NO_DEVICE ->
          "the NVIDIA driver found no GPU (%s); check nvidia-smi and CUDA_VISIBLE_DEVICES, or use the CPU backend"
              .formatted(name);
      case CUresult.CUDA_ERROR_STUB_LIBRARY ->
          "%s is the stub of a CUDA toolkit (%s); take its directory off LD_LIBRARY_PATH, or install the driver"
              .formatted(DRIVER_LIBRARY, name);
      case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
          CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
          "the driver's library and kernel module do not match (%s); restart the machine after a driver update, and take CUDA compatibility libraries off LD_LIBRARY_PATH"
              .formatted(name);
      default -> "the NVIDIA driver does not start: cuInit gives %s".formatted(name);
    };
  }

  /** The newest CUDA that the driver supports. */
  CudaVersion version() {
    return version;
  }

  private static ReelsparkException unavailable(String message) {
    return new ReelsparkException(ErrorCode.BACKEND_UNAVAILABLE, message);
  }
}
