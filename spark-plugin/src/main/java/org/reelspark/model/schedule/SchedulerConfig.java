package org.reelspark.model.schedule;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;

/** Reads {@code scheduler/scheduler_config.json}. */
public final class SchedulerConfig {
  private static final int TRAIN_TIMESTEPS = 1000;

  /** Variants that flow-matching video models do not use. */
  private static final List<String> UNSUPPORTED_SWITCHES =
      List.of(
          "use_karras_sigmas",
          "use_exponential_sigmas",
          "use_beta_sigmas",
          "use_dynamic_shifting",
          "invert_sigmas",
          "stochastic_sampling",
          "thresholding");

  private static final List<String> UNSUPPORTED_KEYS = List.of("shift_terminal", "solver_p");

  private SchedulerConfig() {}

  /**
   * The scheduler that a checkpoint was made for. UniPC's {@code sigma_grid} may name a {@link
   * SigmaGrid} in lower case; without it, {@link SigmaGrid#FROM_ONE} is used.
   *
   * @throws ReelsparkException MODEL_UNSUPPORTED for another scheduler, CHECKPOINT_INVALID for
   *     another variant of these two or an unusable value
   */
  public static Scheduler read(JsonConfig config) {
    String className = config.text("_class_name");
    return switch (className) {
      case "UniPCMultistepScheduler" -> uniPc(config);
      case "FlowMatchEulerDiscreteScheduler" -> flowEuler(config);
      default ->
          throw new ReelsparkException(
              ErrorCode.MODEL_UNSUPPORTED,
              "%s: scheduler '%s' is not supported; use UniPCMultistepScheduler or FlowMatchEulerDiscreteScheduler"
                  .formatted(config.file(), className));
    };
  }

  private static Scheduler uniPc(JsonConfig config) {
    rejectUnsupported(config);
    requireText(config, "prediction_type", config.text("prediction_type"), "flow_prediction");
    requireFlag(config, "use_flow_sigmas", config.flag("use_flow_sigmas"));
    requireText(config, "solver_type", config.text("solver_type", "bh2"), "bh2");
    requireText(config, "final_sigmas_type", config.text("final_sigmas_type", "zero"), "zero");
    requireFlag(config, "predict_x0", config.flag("predict_x0", true));
    requireFlag(config, "lower_order_final", config.flag("lower_order_final", true));
    if (config.has("disable_corrector") && !config.integers("disable_corrector").isEmpty()) {
      throw config.invalid("disable_corrector", "[]");
    }
    int order = config.positiveInteger("solver_order", 2);
    if (order > 2) {
      throw config.invalid("solver_order", "1 or 2");
    }
    return new UniPc(
        config.positiveNumber("flow_shift", 1), order, sigmaGrid(config), trainTimesteps(config));
  }

  private static Scheduler flowEuler(JsonConfig config) {
    rejectUnsupported(config);
    return new FlowEuler(config.positiveNumber("shift", 1), trainTimesteps(config));
  }

  private static int trainTimesteps(JsonConfig config) {
    return config.positiveInteger("num_train_timesteps", TRAIN_TIMESTEPS);
  }

  private static SigmaGrid sigmaGrid(JsonConfig config) {
    String name = config.text("sigma_grid", "from_one");
    return Arrays.stream(SigmaGrid.values())
        .filter(grid -> grid.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst()
        .orElseThrow(() -> config.invalid("sigma_grid", "\"from_one\" or \"below_one\""));
  }

  private static void rejectUnsupported(JsonConfig config) {
    for (String key : UNSUPPORTED_SWITCHES) {
      if (config.flag(key, false)) {
        throw config.invalid(key, "false");
      }
    }
    for (String key : UNSUPPORTED_KEYS) {
      if (config.has(key)) {
        throw config.invalid(key, "null");
      }
    }
  }

  private static void requireText(JsonConfig config, String key, String found, String expected) {
    if (!found.equals(expected)) {
      throw config.invalid(key, '"' + expected + '"');
    }
  }

  private static void requireFlag(JsonConfig config, String key, boolean found) {
    if (!found) {
      throw config.invalid(key, "true");
    }
  }
}
