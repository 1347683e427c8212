package org.reelspark.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
  private static final List<String> NAMES =
      List.of("backend", "model.directory", "output.directory", "guidance", "guidance_start");

  @ParameterizedTest
  @CsvSource({
    "modle, model.directory",
    "out, output.directory",
    "Output.Dir, output.directory",
    "guidence, guidance",
    "guidance_strat, guidance_start",
    "bakend, backend",
  })
  void findsWhatWasMeant(String written, String meant) {
    assertThat(NearestName.of(written, NAMES)).isEqualTo(meant);
  }
}
