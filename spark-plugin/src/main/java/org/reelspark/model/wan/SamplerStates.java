package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.Backend;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.schedule.Sampler;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Takes a run between two steps out of the backend's memory, and puts it back. */
final class SamplerStates {
  private SamplerStates() {}

  static DenoiseState capture(
      int stepsDone,
      Tensor latents,
      Sampler sampler,
      List<float[]> modelState,
      AttentionStatistics statistics,
      Backend backend) {
    List<float[]> values = new ArrayList<>();
    for (Tensor tensor : tensors(latents, sampler)) {
      try (Tensor host = Tensor.allocateHost(DType.F32, tensor.shape())) {
        backend.copy(tensor, host);
        values.add(host.toFloats());
      }
    }
    values.addAll(modelState);
    return new DenoiseState(backend.arithmetic(), stepsDone, values, statistics);
  }

  /** Whether a state is one of such a run after one of its steps, in this arithmetic. */
  static boolean fits(
      DenoiseState state,
      int steps,
      Tensor latents,
      Sampler sampler,
      GuidedModel model,
      Backend backend) {
    int stepsDone = state.stepsDone();
    if (!state.arithmetic().equals(backend.arithmetic()) || stepsDone < 1 || stepsDone > steps) {
      return false;
    }
    List<float[]> tensors = state.tensors();
    int ofSampler = 1 + sampler.stateTensors(stepsDone);
    return tensors.size() >= ofSampler
        && tensors.subList(0, ofSampler).stream()
            .allMatch(values -> values.length == latents.elementCount())
        && model.fits(tensors.subList(ofSampler, tensors.size()));
  }

  /**
   * Puts back a state that {@link #fits}.
   *
   * @return the model's part
   */
  static List<float[]> restore(
      DenoiseState state, Tensor latents, Sampler sampler, Backend backend) {
    sampler.resumeAfter(state.stepsDone());
    List<Tensor> tensors = tensors(latents, sampler);
    for (int index = 0; index < tensors.size(); index++) {
      Tensor tensor = tensors.get(index);
      try (Tensor host = Tensor.ofFloats(tensor.shape(), state.tensors().get(index))) {
        backend.copy(host, tensor);
      }
    }
    return state.tensors().subList(tensors.size(), state.tensors().size());
  }

  private static List<Tensor> tensors(Tensor latents, Sampler sampler) {
    List<Tensor> tensors = new ArrayList<>(List.of(latents));
    tensors.addAll(sampler.state());
    return tensors;
  }
}
