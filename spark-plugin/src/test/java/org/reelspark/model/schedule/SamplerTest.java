package org.reelspark.model.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.model.Floats;
import org.reelspark.model.Goldens;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class SamplerTest {
  private static final double TOLERANCE = 2e-5;

  private final Backend backend = CpuBackend.create(new CpuOptions(1));

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  static Stream<Arguments> cases() throws IOException {
    JsonNode goldens = new ObjectMapper().readTree(Goldens.path("schedule/samplers.json").toFile());
    return Stream.concat(
        elements(goldens.get("unipc"))
            .map(golden -> Arguments.argumentSet(title("UniPC", golden), uniPc(golden), golden)),
        elements(goldens.get("euler"))
            .map(golden -> Arguments.argumentSet(title("Euler", golden), euler(golden), golden)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void visitsTheNoiseLevelsOfDiffusers(Scheduler scheduler, JsonNode golden) {
    SigmaSchedule schedule = scheduler.schedule(golden.get("steps").intValue());

    float[] sigmas = floats(golden.get("sigmas"));
    float[] timesteps = floats(golden.get("timesteps"));
    assertThat(schedule.steps()).isEqualTo(timesteps.length);
    for (int i = 0; i < timesteps.length; i++) {
      assertThat(schedule.timestep(i)).as("timestep %d", i).isEqualTo(timesteps[i]);
    }
    for (int i = 0; i < sigmas.length; i++) {
      assertThat(schedule.sigma(i)).as("sigma %d", i).isEqualTo(sigmas[i]);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsWhereDiffusersEnds(Scheduler scheduler, JsonNode golden) {
    float[] start = floats(golden.get("start"));
    SigmaSchedule schedule = scheduler.schedule(golden.get("steps").intValue());

    float[] end = sample(scheduler, schedule, start);

    Floats.assertClose(end, floats(golden.get("end")), TOLERANCE);
  }

  /** With a constant velocity, every solver of the flow equation is exact. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 40})
  void followsAStraightFlowExactly(int steps) {
    for (Scheduler scheduler : schedulers()) {
      SigmaSchedule schedule = scheduler.schedule(steps);
      Shape shape = Shape.of(3);
      try (Sampler sampler = scheduler.sampler(schedule, shape, backend);
          Tensor latents = Tensor.ofFloats(shape, 1, -2, 0.5f);
          Tensor velocity = Tensor.ofFloats(shape, 2, -1, 3)) {
        for (int step = 0; step < steps; step++) {
          sampler.step(velocity, latents);
        }

        float first = schedule.sigma(0);
        float[] expected = {1 - 2 * first, -2 + first, 0.5f - 3 * first};
        Floats.assertClose(latents.toFloats(), expected, 1e-5);
      }
    }
  }

  @Test
  void sigmasFallFromNoiseToZero() {
    for (Scheduler scheduler : schedulers()) {
      SigmaSchedule schedule = scheduler.schedule(20);

      assertThat((double) schedule.sigma(0)).isCloseTo(1, within(2e-3));
      for (int i = 0; i < schedule.steps(); i++) {
        assertThat(schedule.sigma(i)).isGreaterThan(schedule.sigma(i + 1));
      }
      assertThat(schedule.sigma(20)).isZero();
    }
  }

  @Test
  void refusesFewerThanOneStep() {
    for (Scheduler scheduler : schedulers()) {
      assertThatThrownBy(() -> scheduler.schedule(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("found 0");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void goesOnAfterAnyStepWithTheSameBits(int steps) {
    for (Scheduler scheduler : schedulers()) {
      SigmaSchedule schedule = scheduler.schedule(steps);
      Shape shape = Shape.of(3);
      try (Sampler unbroken = scheduler.sampler(schedule, shape, backend);
          Tensor latents = Tensor.ofFloats(shape, 1, -2, 0.5f)) {
        List<List<float[]>> left = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
          step(unbroken, schedule, step, latents);
          left.add(values(latents, unbroken));
        }

        for (int taken = 1; taken <= steps; taken++) {
          assertThat(resumed(scheduler, schedule, left.get(taken - 1), taken))
              .as("%s after step %d of %d", scheduler, taken, steps)
              .isEqualTo(latents.toFloats());
        }
      }
    }
  }

  private float[] resumed(
      Scheduler scheduler, SigmaSchedule schedule, List<float[]> left, int taken) {
    Shape shape = Shape.of(left.get(0).length);
    try (Sampler sampler = scheduler.sampler(schedule, shape, backend);
        Tensor latents = Tensor.ofFloats(shape, left.get(0))) {
      assertThat(sampler.stateTensors(taken)).isEqualTo(left.size() - 1);
      sampler.resumeAfter(taken);
      List<Tensor> state = sampler.state();
      assertThat(state).hasSize(left.size() - 1);
      for (int index = 0; index < state.size(); index++) {
        state.get(index).buffer().asFloatBuffer().put(left.get(index + 1));
      }
      for (int step = taken; step < schedule.steps(); step++) {
        step(sampler, schedule, step, latents);
      }
      return latents.toFloats();
    }
  }

  private static List<float[]> values(Tensor latents, Sampler sampler) {
    return Stream.concat(Stream.of(latents), sampler.state().stream())
        .map(Tensor::toFloats)
        .toList();
  }

  @Test
  void givesItsMemoryBack() {
    long before = HostMemory.unclosedBytes();
    for (Scheduler scheduler : schedulers()) {
      sample(scheduler, scheduler.schedule(4), new float[] {1, 2, 3});
    }
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }

  /** The made-up model of the goldens: v = sin(1.3 x + t / 300). */
  private float[] sample(Scheduler scheduler, SigmaSchedule schedule, float[] start) {
    Shape shape = Shape.of(start.length);
    try (Sampler sampler = scheduler.sampler(schedule, shape, backend);
        Tensor latents = Tensor.ofFloats(shape, start)) {
      for (int step = 0; step < schedule.steps(); step++) {
        step(sampler, schedule, step, latents);
      }
      return latents.toFloats();
    }
  }

  private static void step(Sampler sampler, SigmaSchedule schedule, int step, Tensor latents) {
    float[] velocity = latents.toFloats();
    for (int i = 0; i < velocity.length; i++) {
      velocity[i] = (float) Math.sin(1.3 * velocity[i] + schedule.timestep(step) / 300);
    }
    try (Tensor prediction = Tensor.ofFloats(latents.shape(), velocity)) {
      sampler.step(prediction, latents);
    }
  }

  private static Scheduler[] schedulers() {
    return new Scheduler[] {
      new UniPc(3, 2, SigmaGrid.FROM_ONE, 1000),
      new UniPc(5, 1, SigmaGrid.BELOW_ONE, 1000),
      new FlowEuler(3, 1000)
    };
  }

  private static Scheduler uniPc(JsonNode golden) {
    SigmaGrid grid = SigmaGrid.valueOf(golden.get("grid").textValue().toUpperCase(Locale.ROOT));
    return new UniPc(golden.get("shift").doubleValue(), golden.get("order").intValue(), grid, 1000);
  }

  private static Scheduler euler(JsonNode golden) {
    return new FlowEuler(golden.get("shift").doubleValue(), 1000);
  }

  private static String title(String name, JsonNode golden) {
    return "%s, %s steps, shift %s, %s"
        .formatted(
            name, golden.get("steps"), golden.get("shift"), golden.path("grid").asText("one grid"));
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).doubleValue();
    }
    return values;
  }
}
