package org.reelspark.jobs.randomcheckpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.reelspark.tensor.DType;

/**
 * A component with weights.
 *
 * @param name of its directory
 * @param tensors in the order of the state dict
 * @param shardBytes the most bytes of tensors in one file, unless one tensor has more
 */
record Component(String name, DType type, List<TensorSpec> tensors, long shardBytes) {
  /** One file of weights. */
  record Shard(String fileName, List<TensorSpec> tensors) {}

  Component {
    tensors = List.copyOf(tensors);
  }

  /** As diffusers and transformers split: in order, a new file where the next would not fit. */
  List<Shard> shards() {
    List<List<TensorSpec>> groups = new ArrayList<>();
    long free = 0;
    for (TensorSpec tensor : tensors) {
      long bytes = bytes(tensor);
      if (groups.isEmpty() || bytes > free) {
        groups.add(new ArrayList<>());
        free = shardBytes;
      }
      groups.get(groups.size() - 1).add(tensor);
      free -= bytes;
    }
    List<Shard> shards = new ArrayList<>();
    for (List<TensorSpec> group : groups) {
      shards.add(new Shard(fileName(shards.size() + 1, groups.size()), List.copyOf(group)));
    }
    return shards;
  }

  /** The list of shards that stands beside them. */
  String indexFile() {
    return stem() + ".safetensors.index.json";
  }

  long bytes(TensorSpec tensor) {
    return tensor.shape().elementCount() * type.bytes();
  }

  long bytes() {
    return tensors.stream().mapToLong(this::bytes).sum();
  }

  private String fileName(int number, int count) {
    String part = count == 1 ? "" : String.format(Locale.ROOT, "-%05d-of-%05d", number, count);
    return stem() + part + ".safetensors";
  }

  /** What diffusers names weights, and transformers. */
  private String stem() {
    return name.equals("text_encoder") ? "model" : "diffusion_pytorch_model";
  }
}
