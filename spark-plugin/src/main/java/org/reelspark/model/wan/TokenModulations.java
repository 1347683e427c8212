package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/** Of a timestep for each token: block by block, because those of all would fill the memory. */
final class TokenModulations implements BlockModulations {
  private final WanTransformerWeights weights;
  private final Backend backend;
  private final List<Tensor> projected = new ArrayList<>();
  private final List<Tensor> modulated = new ArrayList<>();

  TokenModulations(
      WanTransformerWeights weights, int timesteps, RunMemory memory, Backend backend) {
    this.weights = weights;
    this.backend = backend;
    long d = weights.timeProjection().inputs();
    for (int i = 0; i < VECTORS; i++) {
      projected.add(memory.allocate(timesteps, d));
      modulated.add(memory.allocate(timesteps, d));
    }
  }

  @Override
  public void update(Tensor activated) {
    for (int i = 0; i < VECTORS; i++) {
      backend.linear(activated, part(i), Activation.NONE, projected.get(i));
    }
  }

  /** The rows of the time projection that make vector i of six. */
  private Linear part(int i) {
    Linear all = weights.timeProjection();
    long d = all.inputs();
    return new Linear(all.weight().slice(i * d, (i + 1) * d), all.bias().slice(i * d, (i + 1) * d));
  }

  @Override
  public List<Tensor> block(int layer) {
    Tensor table = weights.blocks().get(layer).modulation();
    for (int i = 0; i < VECTORS; i++) {
      Tensor row = table.slice(i, i + 1L).reshape(table.columns());
      backend.addRow(projected.get(i), row, modulated.get(i));
    }
    return modulated;
  }
}
