package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.reelspark.tensor.DType.F32;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;

/** Element-wise arithmetic against the processor's. */
class ElementwiseOnGpuTest extends BackendComparison {
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void computesElementByElement(DType type) {
    Pair a = both.input(type, 33, 20);
    Pair b = both.input(type, 33, 20);
    Pair row = both.input(F32, 20);
    Pair sum = both.output(type, 33, 20);
    Pair product = both.output(type, 33, 20);
    Pair activated = both.output(type, 33, 20);
    Pair shifted = both.output(type, 33, 20);

    both.run(
        backend -> {
          backend.combine(
              new float[] {5, -4, 0.5f},
              List.of(a.of(backend), b.of(backend), a.of(backend)),
              sum.of(backend));
          backend.multiply(a.of(backend), b.of(backend), product.of(backend));
          backend.activate(a.of(backend), Activation.SILU, activated.of(backend));
          backend.addRow(a.of(backend), row.of(backend), shifted.of(backend));
        });

    for (Pair pair : List.of(sum, product, activated, shifted)) {
      both.assertClose(pair, tolerance(type));
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, NaN", "F32, Infinity", "BF16, -Infinity", "F16, NaN", "F16, Infinity"})
  void findsWhatIsNotFinite(DType type, float bad) {
    float[] values = new float[1000];
    assertThat(both.gpu().isFinite(both.input(type, values, 1000).gpu())).isTrue();
    values[777] = bad;
    assertThat(both.gpu().isFinite(both.input(type, values, 1000).gpu())).isFalse();
  }
}
