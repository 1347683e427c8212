package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Tensors of video that are used again when given back, so that only the first round allocates. */
final class TensorPool implements AutoCloseable {
  private final Backend backend;
  private final List<Tensor> free = new ArrayList<>();
  private final List<Tensor> taken = new ArrayList<>();

  TensorPool(Backend backend) {
    this.backend = backend;
  }

  /** Uninitialised tensor, a view of the smallest free one that holds it. */
  Tensor take(long... sizes) {
    long count = Shape.of(sizes).elementCount();
    Tensor owner =
        free.stream()
            .filter(tensor -> tensor.elementCount() >= count)
            .min(Comparator.comparingLong(Tensor::elementCount))
            .orElseGet(() -> backend.allocate(backend.pixelType(), Shape.of(count)));
    free.remove(owner);
    taken.add(owner);
    return owner.slice(0, count).reshape(sizes);
  }

  /** Takes back what {@link #take} gave out. */
  void give(Tensor view) {
    for (Tensor owner : taken) {
      if (owner.memory() == view.memory()) {
        taken.remove(owner);
        free.add(owner);
        return;
      }
    }
    throw new IllegalArgumentException("not taken from this pool: " + view);
  }

  /** Takes back all that is out. */
  void giveAll() {
    free.addAll(taken);
    taken.clear();
  }

  @Override
  public void close() {
    free.forEach(Tensor::close);
    taken.forEach(Tensor::close);
  }
}
