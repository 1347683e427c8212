package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeviceRegistryTest {
  private final DeviceRegistry registry = new DeviceRegistry(2, 3);

  @Test
  void admitsADeviceAgainAfterOneFailure() {
    registry.opened("0", "GPU-a");
    registry.failed("0", "GPU-a", "illegal address");

    assertThat(registry.opened("1", "GPU-a")).isEmpty();
  }

  @Test
  void refusesADeviceThatFailedTooOftenAndNoOther() {
    registry.failed("0", "GPU-a", "illegal address");
    registry.failed("1", "GPU-a", "uncorrectable ECC error");

    assertThat(registry.opened("2", "GPU-a"))
        .get()
        .asString()
        .contains("GPU-a", "2 fatal failures", "uncorrectable ECC error", "nvidia-smi");
    assertThat(registry.opened("3", "GPU-b")).isEmpty();
  }

  @Test
  void givesUpAfterFailedStartsInARow() {
    assertThat(registry.startFailed("h1", "no driver")).isEmpty();
    assertThat(registry.startFailed("h1", "no driver")).isEmpty();

    assertThat(registry.startFailed("h2", "driver too old"))
        .get()
        .asString()
        .contains("3 executors", "h2", "driver too old");
  }

  @Test
  void startedExecutorInBetweenStartsTheCountAnew() {
    registry.startFailed("h1", "no driver");
    registry.startFailed("h1", "no driver");
    registry.opened("7", "GPU-a");
    registry.removed("7");

    assertThat(registry.startFailed("h1", "no driver")).isEmpty();
  }

  @Test
  void neverGivesUpWhileAnExecutorRuns() {
    registry.opened("7", "GPU-a");
    for (int i = 0; i < 10; i++) {
      assertThat(registry.startFailed("h1", "no driver")).isEmpty();
    }

    registry.removed("7");

    assertThat(registry.startFailed("h1", "no driver")).isPresent();
  }

  @Test
  void failedExecutorRunsNoMore() {
    registry.opened("7", "GPU-a");
    registry.failed("7", "GPU-a", "illegal address");
    registry.startFailed("h1", "no driver");
    registry.startFailed("h1", "no driver");

    assertThat(registry.startFailed("h1", "no driver")).isPresent();
  }
}
