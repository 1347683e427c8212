package org.reelspark.model.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;

class SchedulerConfigTest {
  private static final String UNI_PC =
      """
      "_class_name": "UniPCMultistepScheduler",
      "prediction_type": "flow_prediction", "use_flow_sigmas": true
      """;

  @TempDir Path directory;

  @Test
  void readsTheFileThatDiffusersWrites() {
    JsonConfig config =
        JsonConfig.read(
            Path.of("src/test/resources/goldens/wan/checkpoint/scheduler/scheduler_config.json"));

    assertThat(SchedulerConfig.read(config)).isEqualTo(new UniPc(3, 2, SigmaGrid.FROM_ONE, 1000));
  }

  @Test
  void readsTheOlderSigmaGridAndOrderOne() throws IOException {
    assertThat(
            read(
                UNI_PC
                    + """
                    , "flow_shift": 5.0, "solver_order": 1, "sigma_grid": "below_one"
                    """))
        .isEqualTo(new UniPc(5, 1, SigmaGrid.BELOW_ONE, 1000));
  }

  @Test
  void readsFlowEuler() throws IOException {
    assertThat(read("\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"shift\": 8"))
        .isEqualTo(new FlowEuler(8, 1000));
  }

  @Test
  void refusesAnotherSchedulerByName() {
    assertThatThrownBy(() -> read("\"_class_name\": \"DDIMScheduler\""))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_UNSUPPORTED))
        .hasMessageContaining("'DDIMScheduler'")
        .hasMessageContaining("UniPCMultistepScheduler or FlowMatchEulerDiscreteScheduler");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "prediction_type     | \"epsilon\"     | \"flow_prediction\"",
        "use_flow_sigmas     | false           | true",
        "solver_type         | \"bh1\"         | \"bh2\"",
        "solver_order        | 3               | 1 or 2",
        "final_sigmas_type   | \"sigma_min\"   | \"zero\"",
        "lower_order_final   | false           | true",
        "predict_x0          | false           | true",
        "disable_corrector   | [0]             | []",
        "use_karras_sigmas   | true            | false",
        "use_dynamic_shifting| true            | false",
        "shift_terminal      | 0.1             | null",
        "flow_shift          | 0               | a number above 0",
        "sigma_grid          | \"legacy\"      | \"below_one\"",
      })
  void refusesAnotherVariantNamingFileKeyAndRemedy(String key, String value, String expected) {
    String base = UNI_PC;
    if (base.contains('"' + key + '"')) {
      base = base.replaceFirst("\"" + key + "\": [^,\n]+", "\"" + key + "\": " + value);
    } else {
      base += ", \"" + key + "\": " + value;
    }
    String text = base;

    assertThatThrownBy(() -> read(text))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageContaining("scheduler_config.json")
        .hasMessageContaining("'" + key + "' is " + value)
        .hasMessageContaining(expected);
  }

  private Scheduler read(String keys) throws IOException {
    Path file = Files.writeString(directory.resolve("scheduler_config.json"), "{" + keys + "}");
    return SchedulerConfig.read(JsonConfig.read(file));
  }
}
