package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class KernelArgumentsTest {
  private static final int BYTES = 512;

  @Test
  void refusesMoreThanItHolds() {
    try (KernelArguments arguments = new KernelArguments()) {
      ByteBuffer most = LaunchArguments.structure(BYTES - Long.BYTES);
      arguments.start().add(most).add(1f);

      assertThatThrownBy(() -> arguments.add(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("more than 512 bytes");
      assertThatThrownBy(() -> arguments.start().add(LaunchArguments.structure(BYTES + 1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("more than 512 bytes");
      assertThatCode(() -> arguments.start().add(most).add(1L)).doesNotThrowAnyException();
    }
  }
}
