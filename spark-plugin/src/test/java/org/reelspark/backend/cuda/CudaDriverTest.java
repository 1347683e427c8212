package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class CudaDriverTest {
  private static final List<Path> DRIVER_DIRECTORIES =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu"),
          Path.of("/usr/lib64"),
          Path.of("/usr/local/nvidia"));

  @Test
  void namesTheMissingDriverEveryTime() {
    assumeThat(DRIVER_DIRECTORIES)
        .as("this machine has a driver")
        .noneMatch(directory -> Files.exists(directory.resolve("libcuda.so.1")));

    for (int attempt = 0; attempt < 2; attempt++) {
      ReelsparkException failure =
          catchThrowableOfType(ReelsparkException.class, () -> CudaDevice.open("0"));

      assertThat(failure.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
      assertThat(failure)
          .hasMessageStartingWith("no NVIDIA driver: libcuda.so.1 was not found; install");
    }
  }

  @ParameterizedTest
  @CsvSource({
    CUresult.CUDA_ERROR_NO_DEVICE + ", CUDA_VISIBLE_DEVICES",
    CUresult.CUDA_ERROR_STUB_LIBRARY + ", LD_LIBRARY_PATH",
    CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH + ", restart the machine",
    CUresult.CUDA_ERROR_UNKNOWN + ", CUDA_ERROR_UNKNOWN"
  })
  void saysWhyTheDriverDoesNotStart(int result, String expected) {
    assertThat(CudaDriver.initFailure(result)).contains(expected);
  }

  @Test
  void saysThatTheTemporaryDirectoryIsMountedNoexec() {
    UnsatisfiedLinkError error =
        new UnsatisfiedLinkError("/tmp/x.so: failed to map segment from shared object");

    assertThat(CudaDriver.linkFailure(error)).contains("noexec").contains("java.io.tmpdir");
  }

  @Test
  void namesTheMissingDriverWhenAnotherLibraryTriedToLoadItBefore() {
    NoClassDefFoundError error = new NoClassDefFoundError("Could not initialize class");
    error.initCause(new ExceptionInInitializerError("libcuda.so.1: cannot open shared object"));

    assertThat(CudaDriver.linkFailure(error)).startsWith("no NVIDIA driver");
  }

  @Test
  void putsTheBindingWhereJcudaLooksForIt(@TempDir Path directory) {
    Path file = CudaDriver.publishBinding(directory);

    assertThat(file).hasFileName("libJCudaDriver-12.6.0-linux-x86_64.so");
    assertThat(file).content(StandardCharsets.ISO_8859_1).startsWith("\u007fELF");
  }

  @ParameterizedTest
  @CsvSource({
    CUresult.CUDA_ERROR_OUT_OF_MEMORY + ", OUT_OF_MEMORY",
    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS + ", DEVICE_FAILED",
    CUresult.CUDA_ERROR_ECC_UNCORRECTABLE + ", DEVICE_FAILED",
    CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU + ", BACKEND_UNAVAILABLE",
    CUresult.CUDA_ERROR_INVALID_VALUE + ", INTERNAL"
  })
  void classifiesFailedCalls(int result, ErrorCode expected) {
    assertThatThrownBy(() -> CudaCalls.check(result, "cuSomething"))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(expected))
        .hasMessageStartingWith("cuSomething gives " + CUresult.stringFor(result));
  }

  @Test
  void refusedMemoryNamesWhatWasAskedForAndWhatIsFree() {
    assertThat(DeviceMemory.refusal(5_000_000_000L, new DeviceMemory.Usage(7_000, 90_000), 123))
        .startsWith(
            "cannot allocate 5000000000 bytes of GPU memory: 7000 of 90000 bytes are free, 123 are in use here");
  }
}
