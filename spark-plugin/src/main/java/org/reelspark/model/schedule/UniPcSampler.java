package org.reelspark.model.schedule;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The state of a UniPC run: the latents of the last step and the data predicted so far. */
final class UniPcSampler implements Sampler {
  private final SigmaSchedule schedule;
  private final UniPcCoefficients coefficients;
  private final int maxOrder;
  private final Backend backend;
  private final Tensor previousLatents;

  /** Data predicted at the current step, the one before, and the one before that. */
  private final List<Tensor> data = new ArrayList<>();

  private int step;
  private int previousOrder;

  UniPcSampler(SigmaSchedule schedule, int maxOrder, Shape latents, Backend backend) {
    this.schedule = schedule;
    this.coefficients = new UniPcCoefficients(schedule);
    this.maxOrder = maxOrder;
    this.backend = backend;
    this.previousLatents = backend.allocate(DType.F32, latents);
    for (int i = 0; i <= maxOrder; i++) {
      data.add(backend.allocate(DType.F32, latents));
    }
  }

  @Override
  public void step(Tensor velocity, Tensor latents) {
    Tensor predicted = data.remove(data.size() - 1);
    data.add(0, predicted);
    backend.combine(new float[] {1, -schedule.sigma(step)}, List.of(latents, velocity), predicted);
    if (step > 0) {
      correct(latents);
    }
    predict(latents);
    step++;
  }

  private void correct(Tensor latents) {
    List<Tensor> inputs = new ArrayList<>(List.of(previousLatents));
    inputs.addAll(data.subList(0, previousOrder + 1));
    backend.combine(coefficients.corrector(step, previousOrder), inputs, latents);
  }

  private void predict(Tensor latents) {
    backend.combine(new float[] {1}, List.of(latents), previousLatents);
    int order = order(step);
    List<Tensor> inputs = new ArrayList<>(List.of(previousLatents));
    inputs.addAll(data.subList(0, order));
    backend.combine(coefficients.predictor(step, order), inputs, latents);
    previousOrder = order;
  }

  /** As many orders as there is history, and at most as many as there are steps left. */
  private int order(int ofStep) {
    return Math.min(maxOrder, Math.min(ofStep + 1, schedule.steps() - ofStep));
  }

  @Override
  public int stateTensors(int stepsTaken) {
    return 1 + Math.min(maxOrder, stepsTaken);
  }

  @Override
  public List<Tensor> state() {
    List<Tensor> state = new ArrayList<>(List.of(previousLatents));
    state.addAll(data.subList(0, stateTensors(step) - 1));
    return state;
  }

  @Override
  public void resumeAfter(int stepsTaken) {
    step = stepsTaken;
    previousOrder = order(stepsTaken - 1);
  }

  @Override
  public void close() {
    previousLatents.close();
    data.forEach(Tensor::close);
  }
}
