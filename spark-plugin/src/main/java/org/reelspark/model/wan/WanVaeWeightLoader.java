package org.reelspark.model.wan;

import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.model.wan.WanVaeWeights.Attention;
import org.reelspark.model.wan.WanVaeWeights.ResidualBlock;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Loads the parts of a Wan video decoder by the tensor names of diffusers. */
final class WanVaeWeightLoader {
  private static final int KERNEL = 3;

  private final BackendWeights weights;

  WanVaeWeightLoader(BackendWeights weights) {
    this.weights = weights;
  }

  /** A 3 x 3 x 3 convolution. */
  Convolution causal(String name, int outputs, int inputs) {
    return convolution(name, outputs, inputs, KERNEL, KERNEL, KERNEL);
  }

  Convolution convolution(String name, int outputs, int inputs, int frames, int rows, int columns) {
    return load(name, frames, outputs, inputs, frames, rows, columns);
  }

  /** A 3 x 3 convolution of single frames, whose weight has no dimension of frames. */
  Convolution picture(String name, int outputs, int inputs) {
    return load(name, 1, outputs, inputs, KERNEL, KERNEL);
  }

  private Convolution load(String name, int frames, long... sizes) {
    try (Tensor stored = weights.files().load(name + ".weight", sizes);
        Tensor channelsLast = channelsLast(stored)) {
      long outputs = sizes[0];
      Tensor uploaded = weights.upload(channelsLast, weights.pixelType());
      int rank = sizes.length;
      return new Convolution(
          uploaded.reshape(outputs, frames, sizes[rank - 2], sizes[rank - 1], sizes[1]),
          weights.tensor(name + ".bias", outputs));
    }
  }

  /** {@code [out, in, ...]} to {@code [out, ..., in]}, in the stored type. */
  private static Tensor channelsLast(Tensor stored) {
    int outputs = stored.shape().intSize(0);
    int inputs = stored.shape().intSize(1);
    int places = Math.toIntExact(stored.elementCount() / outputs / inputs);
    Tensor moved = Tensor.allocateHost(stored.dtype(), Shape.of(outputs, places, inputs));
    switch (stored.dtype().bytes()) {
      case Short.BYTES -> {
        ShortBuffer source = stored.buffer().asShortBuffer();
        ShortBuffer target = moved.buffer().asShortBuffer();
        move(outputs, places, inputs, (from, to) -> target.put(to, source.get(from)));
      }
      case Integer.BYTES -> {
        IntBuffer source = stored.buffer().asIntBuffer();
        IntBuffer target = moved.buffer().asIntBuffer();
        move(outputs, places, inputs, (from, to) -> target.put(to, source.get(from)));
      }
      default -> throw new IllegalArgumentException("no weights of this type: " + stored);
    }
    return moved;
  }

  /** Moves one element. */
  @FunctionalInterface
  private interface ElementMove {
    void move(int from, int to);
  }

  private static void move(int outputs, int places, int inputs, ElementMove element) {
    for (int output = 0; output < outputs; output++) {
      for (int place = 0; place < places; place++) {
        for (int input = 0; input < inputs; input++) {
          element.move(
              (output * inputs + input) * places + place,
              (output * places + place) * inputs + input);
        }
      }
    }
  }

  /** The convolution, with the norm in front of it. */
  Convolution normed(String norm, Convolution convolution) {
    Tensor gamma = weights.tensor(norm + ".gamma", convolution.inputs(), 1, 1, 1);
    return new Convolution(
        convolution.weight(), convolution.bias(), gamma.reshape(convolution.inputs()));
  }

  /** A 1 x 1 x 1 convolution, which is a linear layer of the channels. */
  Linear pointwise(String name, int outputs, int inputs) {
    return new Linear(
        weights
            .tensor(name + ".weight", weights.pixelType(), outputs, inputs, 1, 1, 1)
            .reshape(outputs, inputs),
        weights.tensor(name + ".bias", weights.pixelType(), outputs));
  }

  ResidualBlock residualBlock(String name, int outputs, int inputs) {
    return new ResidualBlock(
        normed(name + ".norm1", causal(name + ".conv1", outputs, inputs)),
        normed(name + ".norm2", causal(name + ".conv2", outputs, outputs)),
        inputs == outputs ? null : pointwise(name + ".conv_shortcut", outputs, inputs));
  }

  Attention attention(String name, int width) {
    Tensor projections =
        weights
            .tensor(name + ".to_qkv.weight", weights.pixelType(), 3L * width, width, 1, 1)
            .reshape(3L * width, width);
    Tensor biases = weights.tensor(name + ".to_qkv.bias", weights.pixelType(), 3L * width);
    return new Attention(
        weights.tensor(name + ".norm.gamma", width, 1, 1).reshape(width),
        part(projections, biases, 0),
        part(projections, biases, 1),
        part(projections, biases, 2),
        new Linear(
            weights
                .tensor(name + ".proj.weight", weights.pixelType(), width, width, 1, 1)
                .reshape(width, width),
            weights.tensor(name + ".proj.bias", weights.pixelType(), width)));
  }

  /** One third of the projections to query, key and value. */
  private static Linear part(Tensor projections, Tensor biases, int index) {
    long width = projections.columns();
    return new Linear(
        projections.slice(index * width, (index + 1) * width),
        biases.slice(index * width, (index + 1) * width));
  }
}
