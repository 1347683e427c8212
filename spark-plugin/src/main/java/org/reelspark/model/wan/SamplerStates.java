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

  /**
   * @throws IllegalArgumentException for a state of another request or model
   */
  static void restore(DenoiseState state, Tensor latents, Sampler sampler, Backend backend) {
    sampler.resumeAfter(state.stepsDone());
    List<Tensor> tensors = tensors(latents, sampler);
    if (tensors.size() != state.tensors().size()) {
      throw new IllegalArgumentException(
          "%d tensors, where the sampler has %d".formatted(state.tensors().size(), tensors.size()));
    }
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
