package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.tensor.DType;

/** What the jar's own table gives each chip. */
class AttentionKernelsTest {
  @ParameterizedTest
  @CsvSource({
    "8, 0, BF16, attention_mma_int8_f16_to_bf16_d128, sm_80",
    "8, 6, BF16, attention_mma_int8_f16_to_bf16_d128, sm_80",
    "8, 9, BF16, attention_mma_int8_e4m3_to_bf16_d128, sm_89",
    "9, 0, BF16, attention_wgmma_int8_e4m3_to_bf16_d128, sm_90a",
    "9, 0, F32, attention_wgmma_int8_e4m3_to_bf16_d128, sm_90a",
    "9, 0, F16, attention_wgmma_int8_e4m3_to_f16_d128, sm_90a",
    "10, 0, F16, attention_mma_int8_f16_to_f16_d128, ptx",
    "12, 0, BF16, attention_mma_int8_e4m3_to_bf16_d128, sm_120"
  })
  void everyChipGetsItsFastest8BitKernel(
      int major, int minor, DType type, String entry, String architecture) {
    assertThat(match(AttentionPrecision.EIGHT_BIT, type, 128, new ComputeCapability(major, minor)))
        .hasValueSatisfying(
            match -> {
              assertThat(match.entry().name()).isEqualTo(entry);
              assertThat(match.image().architecture()).isEqualTo(architecture);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "8, 0, BF16, attention_mma_bf16_d64, sm_80",
    "9, 0, F32, attention_wgmma_bf16_d64, sm_90a",
    "9, 0, F16, attention_wgmma_f16_d64, sm_90a",
    "10, 0, F32, attention_mma_bf16_d64, ptx",
    "12, 0, F16, attention_mma_f16_d64, sm_120"
  })
  void everyChipGetsItsFastest16BitKernel(
      int major, int minor, DType type, String entry, String architecture) {
    assertThat(match(AttentionPrecision.SIXTEEN_BIT, type, 64, new ComputeCapability(major, minor)))
        .hasValueSatisfying(
            match -> {
              assertThat(match.entry().name()).isEqualTo(entry);
              assertThat(match.image().architecture()).isEqualTo(architecture);
            });
  }

  @ParameterizedTest
  @EnumSource(AttentionPrecision.class)
  void olderChipsGetNone(AttentionPrecision precision) {
    assertThat(match(precision, DType.F16, 64, new ComputeCapability(7, 5))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128})
  void everyChipHasThePreparationOfEveryKernel(int dimension) {
    KernelTable table = table();
    for (String chip : List.of("8.0", "8.9", "9.0", "10.0", "12.0")) {
      ComputeCapability capability =
          new ComputeCapability(
              Integer.parseInt(chip.substring(0, chip.indexOf('.'))),
              Integer.parseInt(chip.substring(chip.indexOf('.') + 1)));
      for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
        OperandFormat half = type == DType.F16 ? OperandFormat.F16 : OperandFormat.BF16;
        for (OperandFormat format :
            List.of(OperandFormat.INT8_E4M3, OperandFormat.INT8_F16, half)) {
          String entry = Preparation.prepareEntry(type, format, dimension);
          assertThat(table.first(List.of(entry), capability)).as(entry).isPresent();
        }
        String biased = CudaBiasedAttention.entry(type);
        assertThat(table.first(List.of(biased), capability)).as(biased).isPresent();
      }
    }
  }

  private static Optional<KernelTable.Match> match(
      AttentionPrecision precision, DType type, int dimension, ComputeCapability capability) {
    return table().first(AttentionKernels.entries(precision, type, dimension), capability);
  }

  private static KernelTable table() {
    assumeThat(KernelTable.class.getResource("/kernels/kernels.properties"))
        .as("kernels were left out of this build")
        .isNotNull();
    return KernelTable.ofJar();
  }
}
