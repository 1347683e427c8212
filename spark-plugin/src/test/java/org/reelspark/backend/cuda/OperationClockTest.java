package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;

@NeedsGpu
class OperationClockTest {
  @Test
  void timesOperationsAndNothingElse() {
    try (TwoBackends both =
            new TwoBackends(AttentionPrecision.SIXTEEN_BIT, LinearPrecision.SIXTEEN_BIT);
        OperationClock clock = new OperationClock(both.gpu())) {
      Backend timed = clock.timed();
      Pair x = both.input(DType.F32, 3, 20);
      clock.start();
      timed.activate(x.gpu(), Activation.SILU, x.gpu());

      assertThat(Set.of(timed)).contains(timed);
      assertThat(timed).hasToString(both.gpu().toString());
      assertThat(timed.name()).isEqualTo("cuda");
      assertThat(clock.stop().byOperation()).containsOnlyKeys("activate");
    }
  }
}
