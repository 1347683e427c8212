package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.reelspark.tensor.DType.F32;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;

/** Attention of every kind against the processor's. */
class AttentionOnGpuTest extends BackendComparison {
  @ParameterizedTest
  @CsvSource({
    "F32, 4, 64, 4096",
    "BF16, 4, 64, 300",
    "BF16, 3, 128, 300",
    "F16, 1, 64, 300",
    "F16, 2, 128, 300"
  })
  void attends(DType type, int heads, int dimension, int tokens) {
    compareAttention(type, heads, dimension, tokens, new BlockSelection.Dense(), 6e-3);
  }

  @ParameterizedTest
  @CsvSource({"BF16, 128", "F16, 128", "BF16, 64", "F16, 64"})
  void attendsSparsely(DType type, int dimension) {
    compareAttention(type, 2, dimension, 1024, new BlockSelection.TopK(0.5f), 2e-2);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void attendsWithOneWideHead(DType type) {
    compareAttention(type, 1, 384, 104, new BlockSelection.Dense(), 2 * tolerance(type));
  }

  private void compareAttention(
      DType type,
      int heads,
      int dimension,
      int tokens,
      BlockSelection selection,
      double tolerance) {
    Pair query = both.input(type, 1, tokens, heads, dimension);
    Pair key = both.input(type, 1, tokens, heads, dimension);
    Pair value = both.input(type, 1, tokens, heads, dimension);
    Pair out = both.output(type, 1, tokens, heads, dimension);
    HeadParameters head =
        new HeadParameters(
            selection,
            HeadParameters.DENSE.similarityThreshold(),
            HeadParameters.DENSE.pvThreshold());
    AttentionParameters parameters =
        AttentionParameters.uniform(heads, head, (float) (1 / Math.sqrt(dimension)));

    List<AttentionStatistics> statistics = new ArrayList<>();

    both.run(
        backend ->
            statistics.add(
                backend
                    .attention(
                        new AttentionInputs(
                            query.of(backend),
                            key.of(backend),
                            value.of(backend),
                            AttentionLayout.TOKEN_MAJOR),
                        parameters,
                        out.of(backend))
                    .get()));

    both.assertClose(out, tolerance);
    // How many blocks a query takes is decided by the parameters here, not by the values.
    assertThat(statistics.get(0).selected()).isPositive();
    assertThat(statistics.get(1)).isEqualTo(statistics.get(0));
  }

  @Test
  void attendsWithABias() {
    Pair query = both.input(F32, 20, 4, 32);
    Pair key = both.input(F32, 20, 4, 32);
    Pair value = both.input(F32, 20, 4, 32);
    Pair bias = both.input(F32, 4, 20, 20);
    Pair out = both.output(F32, 20, 4, 32);

    both.run(
        backend ->
            backend.biasedAttention(
                query.of(backend),
                key.of(backend),
                value.of(backend),
                bias.of(backend),
                1,
                out.of(backend)));

    both.assertClose(out, 1e-5);
  }
}
