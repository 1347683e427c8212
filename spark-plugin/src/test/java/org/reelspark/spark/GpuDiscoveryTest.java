package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceID;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GpuDiscoveryTest {
  @TempDir Path directory;

  private GpuDiscovery withNvidiaSmi(String body) throws IOException {
    Path script = directory.resolve("nvidia-smi");
    Files.writeString(script, "#!/bin/sh\n" + body);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new GpuDiscovery(script.toString());
  }

  private static Optional<ResourceInformation> discover(GpuDiscovery discovery, String resource) {
    ResourceRequest request =
        new ResourceRequest(
            new ResourceID("spark.executor", resource), 1, Optional.empty(), Optional.empty());
    return discovery.discoverResource(request, new SparkConf(false));
  }

  @Test
  void givesTheUuidsOfAllGpus() throws IOException {
    GpuDiscovery discovery = withNvidiaSmi("printf 'GPU-1a\\nGPU-2b\\n'");

    assertThat(discover(discovery, "gpu").orElseThrow().addresses())
        .containsExactly("GPU-1a", "GPU-2b");
  }

  @Test
  void leavesOtherResourcesToOthers() throws IOException {
    assertThat(discover(withNvidiaSmi("exit 1"), "fpga")).isEmpty();
  }

  @Test
  void saysWhatNvidiaSmiSays() throws IOException {
    GpuDiscovery discovery = withNvidiaSmi("echo 'cannot talk to the driver' >&2; exit 9");

    assertThatThrownBy(() -> discover(discovery, "gpu"))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE))
        .hasMessageContainingAll("9", "cannot talk to the driver");
  }

  @Test
  void refusesWhatIsNoGpu() throws IOException {
    GpuDiscovery discovery = withNvidiaSmi("echo 'No devices were found'");

    assertThatThrownBy(() -> discover(discovery, "gpu"))
        .hasMessageContaining("No devices were found");
  }

  @Test
  void saysThatNvidiaSmiIsMissing() {
    GpuDiscovery discovery = new GpuDiscovery(directory.resolve("absent").toString());

    assertThatThrownBy(() -> discover(discovery, "gpu"))
        .hasMessageContainingAll("absent", "install the NVIDIA driver");
  }
}
