package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class ExecutorDeviceTest {
  private static final ReelsparkConf NOTHING = ReelsparkConf.of(Map.of());
  private static final ReelsparkConf NAMED =
      ReelsparkConf.of(Map.of(ReelsparkConf.GPU_DEVICE.key(), "GPU-named"));
  private static final ReelsparkConf CUDA =
      ReelsparkConf.of(Map.of(ReelsparkConf.BACKEND.key(), "cuda"));

  private static Map<String, ResourceInformation> assigned(String... addresses) {
    return Map.of("gpu", new ResourceInformation("gpu", addresses));
  }

  @Test
  void takesWhatSparkAssignedBeforeWhatIsConfigured() {
    assertThat(AssignedGpu.address(assigned("GPU-a"), NAMED)).hasValue("GPU-a");
  }

  @Test
  void takesWhatIsConfiguredWhereSparkAssignsNothing() {
    assertThat(AssignedGpu.address(Map.of(), NAMED)).hasValue("GPU-named");
    assertThat(AssignedGpu.address(Map.of(), NOTHING)).isEmpty();
  }

  @Test
  void refusesSeveralGpus() {
    assertThatThrownBy(() -> AssignedGpu.address(assigned("0", "1"), NOTHING))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContainingAll("[0, 1]", "spark.executor.resource.gpu.amount=1");
  }

  @Test
  void executorsOnOneGpuOfAHostHaveOneDeviceName() {
    ExecutorDevice first = ExecutorDevice.open(NOTHING, Optional.of("3"), "host", "1");
    ExecutorDevice second = ExecutorDevice.open(NOTHING, Optional.of("3"), "host", "2");
    ExecutorDevice elsewhere = ExecutorDevice.open(NOTHING, Optional.of("3"), "other", "3");

    assertThat(first.name()).isEqualTo(second.name()).isNotEqualTo(elsewhere.name());
  }

  @Test
  void executorsWithoutGpusHaveDifferentDeviceNames() {
    ExecutorDevice first = ExecutorDevice.open(NOTHING, Optional.empty(), "host", "1");
    ExecutorDevice second = ExecutorDevice.open(NOTHING, Optional.empty(), "host", "2");

    assertThat(first.name()).isNotEqualTo(second.name());
  }

  @Test
  void cudaWithoutAGpuNamesTheKeysToSet() {
    assertThatThrownBy(() -> ExecutorDevice.open(CUDA, Optional.empty(), "host", "1"))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContainingAll(
            "spark.executor.resource.gpu.amount", "spark.reelspark.gpu.device");
  }
}
