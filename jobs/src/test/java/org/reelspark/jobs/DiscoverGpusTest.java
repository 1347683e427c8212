package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The discovery script, with an {@code nvidia-smi} of the test's own on the PATH. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DiscoverGpusTest {
  private static final Path SCRIPT = Path.of("discover-gpus").toAbsolutePath();

  @TempDir Path directory;

  private record Outcome(int exitStatus, String output, String complaint) {}

  /** An {@code nvidia-smi} that answers a query for UUIDs or for indices. */
  private void installNvidiaSmi(String uuids, String indices) throws IOException {
    Path script = directory.resolve("nvidia-smi");
    Files.writeString(
        script,
        """
        #!/bin/sh
        [ "$2" = --format=csv,noheader ] || exit 9
        case $1 in
          --query-gpu=uuid) printf '%s' ;;
          --query-gpu=index) printf '%s' ;;
          *) exit 9 ;;
        esac
        """
            .formatted(uuids, indices));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome run(String path, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(List.of("/bin/bash", SCRIPT.toString()));
    builder.environment().put("PATH", path);
    builder.environment().putAll(environment);
    Path complaint = directory.resolve("complaint");
    Process process = builder.redirectError(complaint.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output, Files.readString(complaint));
  }

  private Outcome run(Map<String, String> environment) throws IOException, InterruptedException {
    return run(directory + ":" + System.getenv("PATH"), environment);
  }

  @Test
  void printsUuidsAsSparkReadsThem() throws IOException, InterruptedException {
    installNvidiaSmi("GPU-1a-2b\\nGPU-3c-4d\\n", "0\\n1\\n");

    ResourceInformation gpus = ResourceInformation.parseJson(run(Map.of()).output());

    assertThat(gpus.name()).isEqualTo("gpu");
    assertThat(gpus.addresses()).containsExactly("GPU-1a-2b", "GPU-3c-4d");
  }

  @Test
  void printsIndicesForThoseWhoNeedThem() throws IOException, InterruptedException {
    installNvidiaSmi("GPU-1a-2b\\nGPU-3c-4d\\n", "0\\n1\\n");

    Outcome outcome = run(Map.of("REELSPARK_GPU_ADDRESSES", "index"));

    assertThat(ResourceInformation.parseJson(outcome.output()).addresses())
        .containsExactly("0", "1");
  }

  @Test
  void machineWithoutGpusHasNoAddresses() throws IOException, InterruptedException {
    installNvidiaSmi("", "");

    assertThat(ResourceInformation.parseJson(run(Map.of()).output()).addresses()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"No devices were found", "[Unknown Error]", "GPU-1\", \"GPU-2"})
  void refusesWhatIsNoGpu(String line) throws IOException, InterruptedException {
    installNvidiaSmi(line + "\\n", "");

    Outcome outcome = run(Map.of());

    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.complaint()).contains(line);
    assertThat(outcome.output()).isEmpty();
  }

  @Test
  void saysWhatIsMissingWithoutADriver() throws IOException, InterruptedException {
    Outcome outcome = run(directory.toString(), Map.of());

    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.complaint()).contains("nvidia-smi is not on the PATH");
  }

  @Test
  void refusesAnUnknownKindOfAddress() throws IOException, InterruptedException {
    Outcome outcome = run(Map.of("REELSPARK_GPU_ADDRESSES", "serial"));

    assertThat(outcome.complaint()).contains("uuid or index", "'serial'");
  }
}
