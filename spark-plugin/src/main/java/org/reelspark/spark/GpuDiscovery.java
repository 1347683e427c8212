package org.reelspark.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.resource.ResourceDiscoveryPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceRequest;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * Tells Spark the UUIDs of the GPUs that this process sees, as {@code jobs/discover-gpus} does
 * where a script can be installed: {@code
 * spark.resources.discoveryPlugin=org.reelspark.spark.GpuDiscovery}. Asks {@code nvidia-smi}.
 */
public final class GpuDiscovery implements ResourceDiscoveryPlugin {
  private final String nvidiaSmi;

  public GpuDiscovery() {
    this("nvidia-smi");
  }

  /**
   * @param nvidiaSmi the command
   */
  GpuDiscovery(String nvidiaSmi) {
    this.nvidiaSmi = nvidiaSmi;
  }

  /**
   * @return empty for resources other than GPUs, which Spark then looks for by its other ways
   * @throws ReelsparkException BACKEND_UNAVAILABLE when nvidia-smi is missing or fails
   */
  @Override
  public Optional<ResourceInformation> discoverResource(
      ResourceRequest request, SparkConf sparkConf) {
    if (!request.id().resourceName().equals(AssignedGpu.RESOURCE)) {
      return Optional.empty();
    }
    String[] uuids = uuids(query());
    return Optional.of(new ResourceInformation(AssignedGpu.RESOURCE, uuids));
  }

  private String query() {
    List<String> command = List.of(nvidiaSmi, "--query-gpu=uuid", "--format=csv,noheader");
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw unavailable("gives %d: %s".formatted(status, output.strip()), null);
      }
      return output;
    } catch (IOException e) {
      throw unavailable("cannot be run (%s)".formatted(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("was interrupted", e);
    }
  }

  private String[] uuids(String output) {
    List<String> lines = output.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    for (String line : lines) {
      if (!line.startsWith("GPU-")) {
        throw unavailable("prints '%s' for a GPU".formatted(line), null);
      }
    }
    return lines.toArray(String[]::new);
  }

  private ReelsparkException unavailable(String what, Exception cause) {
    return new ReelsparkException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "%s %s; install the NVIDIA driver, and run containers with the NVIDIA runtime"
            .formatted(nvidiaSmi, what),
        cause);
  }
}
