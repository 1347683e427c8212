package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

@NeedsGpu
class CudaDeviceTest {
  private static Gpu gpu;

  @BeforeAll
  static void open() {
    gpu = Gpu.open();
  }

  @AfterAll
  static void close() {
    gpu.close();
  }

  @Test
  void opensADeviceByItsUuidAndItsPciAddress() {
    DeviceName name = gpu.device().deviceName();

    try (CudaDevice byUuid = CudaDevice.open(name.uuid());
        CudaDevice byAddress = CudaDevice.open(name.pciAddress())) {
      assertThat(byUuid.deviceName()).isEqualTo(name);
      assertThat(byAddress.deviceName()).isEqualTo(name);
      assertThat(byUuid.name()).isNotBlank().doesNotContain("\0");
      assertThat(byUuid.multiprocessors()).isPositive();
      assertThat(byUuid.cacheBytes()).isPositive();
    }
  }

  @Test
  void namesTheDevicesWhenNoneHasTheName() {
    ReelsparkException failure =
        catchThrowableOfType(ReelsparkException.class, () -> CudaDevice.open("99"));

    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
    assertThat(failure).hasMessageContaining(gpu.device().deviceName().uuid());
  }

  @Test
  void refusedMemoryNamesBothNumbers() {
    ReelsparkException failure =
        catchThrowableOfType(
            ReelsparkException.class, () -> DeviceMemory.allocate(gpu.device(), 1L << 50));

    assertThat(failure.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    assertThat(failure)
        .hasMessageStartingWith("cannot allocate 1125899906842624 bytes of GPU memory: ")
        .hasMessageContaining(" of " + gpu.device().memoryUsage().total() + " bytes are free");
  }

  @Test
  void loadsEveryKernelThatTheTableHasForThisGpu() {
    for (KernelTable.Entry entry : KernelTable.ofJar().entries().values()) {
      if (KernelTable.ofJar().imageFor(entry, gpu.device().capability()).isPresent()) {
        Kernel kernel = gpu.kernels().kernel(entry.name());

        assertThat(kernel.entry()).isEqualTo(entry);
        assertThat(kernel.residentBlocks()).as(entry.name()).isPositive();
      }
    }
  }

  @Test
  void namesTheGpuAndTheImagesWhenAKernelHasNoneForIt() {
    ReelsparkException failure =
        catchThrowableOfType(ReelsparkException.class, () -> gpu.kernels().kernel("nothing"));

    assertThat(failure.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(failure)
        .hasMessageContaining("no kernel nothing for " + gpu.device().name())
        .hasMessageContaining("compute capability " + gpu.device().capability())
        .hasMessageContaining("sm_80");
  }
}
