package org.reelspark.jobs.randomcheckpoint;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.tensor.Shape;

/** Collects the tensors of a component in the order of its state dict. */
final class TensorList {
  /** Enough to be seen when a bias goes missing, too little to matter otherwise. */
  private static final double SMALL = 0.02;

  private static final Normal BIAS = new Normal(0, SMALL);
  private static final Normal NORM = new Normal(1, SMALL);

  private final List<TensorSpec> tensors = new ArrayList<>();

  void tensor(String name, Values values, long... sizes) {
    tensors.add(new TensorSpec(name, Shape.of(sizes), values));
  }

  /** {@code PREFIX.weight [outputs, inputs, kernel...]} alone. */
  void weight(String prefix, double gain, long... sizes) {
    long inputs = Shape.of(sizes).elementCount() / sizes[0];
    tensor(prefix + ".weight", Normal.fanIn(inputs, gain), sizes);
  }

  /** {@code PREFIX.weight [outputs, inputs, kernel...]} and {@code PREFIX.bias [outputs]}. */
  void layer(String prefix, double gain, long... sizes) {
    layer(prefix, gain, BIAS, sizes);
  }

  void layer(String prefix, double gain, Values bias, long... sizes) {
    weight(prefix, gain, sizes);
    tensor(prefix + ".bias", bias, sizes[0]);
  }

  /** The factors of a norm, near 1. */
  void norm(String name, long... sizes) {
    tensor(name, NORM, sizes);
  }

  /** Factors and offsets of a norm. */
  void affineNorm(String prefix, long width) {
    norm(prefix + ".weight", width);
    tensor(prefix + ".bias", BIAS, width);
  }

  List<TensorSpec> tensors() {
    return List.copyOf(tensors);
  }
}
