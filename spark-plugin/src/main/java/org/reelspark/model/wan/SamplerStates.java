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
      AttentionStatistics statistics,
      Backend backend) {
    List<float[]> values = new ArrayList<>();
    for (Tensor tensor : tensors(latents, sampler)) {
      try (Tensor host = Tensor.allocateHost(DType.F32, tensor.shape())) {
        backend.copy(tensor, host);
        values.add(host.toFloats());
      }
    }
    return new DenoiseState(backend.arithmetic(), stepsDone, values, statistics);
  }

  /** Whether a state is one of such a run after one of its steps, in this arithmetic. */
  static boolean fits(
      DenoiseState state, int steps, Tensor latents, Sampler sampler, Backend backend) {
    int stepsDone = state.stepsDone();
    return state.arithmetic().equals(backend.arithmetic())
        && stepsDone > 0
        && stepsDone <= steps
        && state.tensors().size() == 1 + sampler.stateTensors(stepsDone)
        && state.tensors().stream().allMatch(values -> values.length == latents.elementCount());
  }

  /** Puts back a state that {@link #fits}. */
  static void restore(DenoiseState state, Tensor latents, Sampler sampler, Backend backend) {
    sampler.resumeAfter(state.stepsDone());
    List<Tensor> tensors = tensors(latents, sampler);
    for (int index = 0; index < tensors.size(); index++) {
      Tensor tensor = tensors.get(index);
      try (Tensor host = Tensor.ofFloats(tensor.shape(), state.tensors().get(index))) {
        backend.copy(host, tensor);
      }
    }
  }

  private static List<Tensor> tensors(Tensor latents, Sampler sampler) {
    List<Tensor> tensors = new ArrayList<>(List.of(latents));
    tensors.addAll(sampler.state());
    return tensors;
  }
}
