package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class KernelTableTest {
  private static final KernelTable TABLE = KernelTable.parse(properties());

  private static Properties properties() {
    Properties properties = new Properties();
    properties.setProperty("cuda", "13.1.88");
    properties.setProperty("ptx", "compute_80");
    properties.setProperty("architectures", "sm_80,sm_89,sm_90a,sm_120");
    properties.setProperty("entries", "everywhere,hopper");
    properties.setProperty("everywhere.module", "portable");
    properties.setProperty("everywhere.architectures", "sm_80,sm_89,sm_90a,sm_120,ptx");
    properties.setProperty("everywhere.threads", "128");
    properties.setProperty("everywhere.sharedBytes", "65536");
    properties.setProperty("hopper.module", "wgmma");
    properties.setProperty("hopper.architectures", "sm_90a");
    properties.setProperty("hopper.threads", "384");
    properties.setProperty("hopper.sharedBytes", "0");
    return properties;
  }

  @Test
  void readsARow() {
    assertThat(TABLE.entries().get("everywhere"))
        .isEqualTo(
            new KernelTable.Entry(
                "everywhere",
                "portable",
                List.of("sm_80", "sm_89", "sm_90a", "sm_120", "ptx"),
                128,
                65536));
  }

  @ParameterizedTest
  @CsvSource({
    "8, 0, /kernels/sm_80/portable.cubin",
    "8, 6, /kernels/sm_80/portable.cubin",
    "8, 9, /kernels/sm_89/portable.cubin",
    "9, 0, /kernels/sm_90a/portable.cubin",
    "10, 0, /kernels/ptx/portable.ptx",
    "12, 0, /kernels/sm_120/portable.cubin",
    "12, 1, /kernels/sm_120/portable.cubin",
    "13, 0, /kernels/ptx/portable.ptx",
    "7, 5, "
  })
  void choosesTheImageThatAGpuRunsBest(int major, int minor, String resource) {
    assertThat(
            TABLE
                .imageFor(TABLE.entries().get("everywhere"), new ComputeCapability(major, minor))
                .map(KernelTable.Image::resource)
                .orElse(null))
        .isEqualTo(resource);
  }

  @ParameterizedTest
  @CsvSource({"9, 0, true", "9, 1, false", "10, 0, false", "8, 9, false"})
  void codeForOneChipRunsOnThatChipAlone(int major, int minor, boolean runs) {
    assertThat(
            TABLE
                .imageFor(TABLE.entries().get("hopper"), new ComputeCapability(major, minor))
                .isPresent())
        .isEqualTo(runs);
  }

  @ParameterizedTest
  @CsvSource({"sm_90a, 13000", "ptx, 13010", "ptx, 14000"})
  void takesADriverThatIsNewEnough(String architecture, int driver) {
    assertThatCode(
            () ->
                TABLE.checkDriver(
                    new KernelTable.Image(architecture, "portable"), CudaVersion.ofDriver(driver)))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"sm_90a, 12080, 13.0", "ptx, 13000, 13.1"})
  void namesAnOldDriverAndWhatIsNeeded(String architecture, int driver, String needed) {
    ReelsparkException failure =
        catchThrowableOfType(
            ReelsparkException.class,
            () ->
                TABLE.checkDriver(
                    new KernelTable.Image(architecture, "portable"), CudaVersion.ofDriver(driver)));

    assertThat(failure.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(failure)
        .hasMessageContaining("supports CUDA " + CudaVersion.ofDriver(driver))
        .hasMessageContaining("need " + needed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda", "hopper.module", "everywhere.threads"})
  void namesWhatADamagedTableLacks(String key) {
    Properties properties = properties();
    properties.remove(key);

    ReelsparkException failure =
        catchThrowableOfType(ReelsparkException.class, () -> KernelTable.parse(properties));

    assertThat(failure.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(failure).hasMessageContaining("has no " + key);
  }

  @Test
  void tableOfTheJarNamesImagesThatAreThere() {
    assumeThat(KernelTable.class.getResource("/kernels/kernels.properties"))
        .as("kernels were left out of this build")
        .isNotNull();

    KernelTable table = KernelTable.ofJar();

    assertThat(table.entries()).isNotEmpty();
    for (KernelTable.Entry entry : table.entries().values()) {
      for (String architecture : entry.architectures()) {
        KernelTable.Image image = new KernelTable.Image(architecture, entry.module());
        assertThat(KernelTable.class.getResource(image.resource()))
            .as(image.resource())
            .isNotNull();
      }
    }
  }

  @Test
  void saysThatKernelsWereLeftOut() {
    assumeThat(KernelTable.class.getResource("/kernels/kernels.properties"))
        .as("this build has kernels")
        .isNull();

    assertThat(catchThrowableOfType(ReelsparkException.class, KernelTable::ofJar))
        .hasMessageContaining("built without CUDA kernels");
  }
}
