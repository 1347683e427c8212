package org.reelspark.model.wan;

import java.util.List;
import java.util.stream.LongStream;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/** Of one timestep for all tokens: all blocks at once, because each has little to compute. */
final class SharedModulations implements BlockModulations {
  private final Linear projection;
  private final Backend backend;

  /** The tables of all blocks, {@code [layers, 6d]}. */
  private final Tensor tables;

  private final Tensor projected;
  private final Tensor modulated;

  SharedModulations(WanTransformerWeights weights, RunMemory memory, Backend backend) {
    this.projection = weights.timeProjection();
    this.backend = backend;
    long layers = weights.blocks().size();
    long columns = projection.outputs();
    this.tables = memory.allocate(layers, columns);
    this.projected = memory.allocate(columns);
    this.modulated = memory.allocate(layers, columns);
    for (int layer = 0; layer < layers; layer++) {
      backend.copy(weights.blocks().get(layer).modulation(), tables.slice(layer, layer + 1L));
    }
  }

  @Override
  public void update(Tensor activated) {
    backend.linear(activated, projection, Activation.NONE, projected);
    backend.addRow(tables, projected, modulated);
  }

  @Override
  public List<Tensor> block(int layer) {
    long d = projected.columns() / VECTORS;
    Tensor vectors = modulated.slice(layer, layer + 1L).reshape(VECTORS, d);
    return LongStream.range(0, VECTORS).mapToObj(i -> vectors.slice(i, i + 1).reshape(d)).toList();
  }
}
