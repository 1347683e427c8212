package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class RapidsMemoryTest {
  private static final long MIB = 1 << 20;

  private static RapidsMemory memory(double fraction, double least) {
    return new RapidsMemory(fraction, least, 640 * MIB);
  }

  @Test
  void readsTheKeysOfRapidsAndKnowsItsDefaults() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.rapids.memory.gpu.allocFraction", "0.5")
            .set("spark.rapids.memory.gpu.minAllocFraction", "0")
            .set("spark.rapids.memory.gpu.reserve", "1g");

    assertThat(RapidsMemory.of(conf)).isEqualTo(new RapidsMemory(0.5, 0, 1024 * MIB));
    assertThat(RapidsMemory.of(new SparkConf(false))).isEqualTo(memory(1, 0.25));
  }

  @ParameterizedTest(name = "{0} MiB, allocFraction {1}, minAllocFraction {2}")
  @CsvSource({"24576, 1, 0.25", "24576, 1, 0", "24576, 0.3, 0.25", "1, 0.01, 0"})
  void saysNothingOfPartsThatSomeGpuHasRoomFor(int ours, double fraction, double least) {
    assertThat(memory(fraction, least).warnings(ours)).isEmpty();
  }

  @ParameterizedTest(name = "{0} MiB, allocFraction {1}, minAllocFraction {2}")
  @CsvSource({
    "0, 1, 0, nine tenths, 1.0 of the other tenth",
    "0, 0.5, 0.25, 0.5 of the other tenth, less than 0.25 of the whole",
    "24576, 0.25, 0.25, takes 0.25, less than 0.25 of the whole",
    "24576, 0.1, 0.25, Reelspark's 24576 MiB, set the last to 0"
  })
  void warnsOfPartsThatNoGpuHasRoomFor(
      int ours, double fraction, double least, String ourPart, String theirPart) {
    assertThat(memory(fraction, least).warnings(ours))
        .singleElement()
        .asString()
        .contains(ourPart, theirPart, RapidsMemory.FRACTION, "spark.reelspark.gpu.memoryMib");
  }

  /** Smallest GPU: {@code fraction * (ours + 640) / (fraction - least)}. */
  @ParameterizedTest(name = "{0} MiB, allocFraction {1}, minAllocFraction {2}: {3} MiB")
  @CsvSource({"24576, 1, 0.25, 33622", "9360, 0.5, 0.25, 20000", "0, 1, 0.05, 12800"})
  void planNamesTheSmallestGpuThatHasRoomForBoth(
      int ours, double fraction, double least, int smallest) {
    RapidsMemory memory = memory(fraction, least);

    assertThat(memory.plan(ours)).contains("GPUs of at least %d MiB".formatted(smallest));
    long free = ours == 0 ? smallest / 10 : smallest - ours;
    assertThat(memory.share(free * MIB, smallest * MIB)).isNotEmpty();
    assertThatThrownBy(() -> memory.share((free - 2) * MIB, smallest * MIB))
        .isInstanceOf(ReelsparkException.class);
  }

  @Test
  void planIsOneLineOnWhoTakesWhat() {
    assertThat(memory(0.9, 0).plan(24576))
        .isEqualTo(
            "GPU memory: 24576 MiB for Reelspark (spark.reelspark.gpu.memoryMib), then 0.9 of what is left but 640 MiB for RAPIDS (spark.rapids.memory.gpu.allocFraction, spark.rapids.memory.gpu.reserve)");
    assertThat(memory(0.9, 0).plan(0)).startsWith("GPU memory: nine tenths for Reelspark");
  }

  @Test
  void saysWhatRapidsWillTakeOfAGpu() {
    assertThat(memory(0.5, 0.25).share(60640 * MIB, 81920 * MIB))
        .isEqualTo(
            "RAPIDS will take 30000 of the GPU's 81920 MiB: 0.5 of the 60640 that are free beside Reelspark, but for 640");
  }

  @Test
  void refusesAGpuOnWhichRapidsWouldNotStart() {
    assertThatThrownBy(() -> memory(1, 0.25).share(20640 * MIB, 81920 * MIB))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContainingAll(
            "81920 MiB, 20640 are free",
            "takes 20000 (1.0 of all but 640)",
            "insists on 20480",
            "spark.rapids.memory.gpu.minAllocFraction is 0.25",
            "spark.reelspark.gpu.memoryMib to less");
  }
}
