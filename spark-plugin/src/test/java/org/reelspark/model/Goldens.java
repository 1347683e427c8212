package org.reelspark.model;

import java.net.URISyntaxException;
import java.nio.file.Path;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.Tensor;

/** What {@code src/test/python/make_goldens.py} wrote. */
public final class Goldens {
  private final Weights tensors;

  private Goldens(Weights tensors) {
    this.tensors = tensors;
  }

  /** A file or directory below the goldens. */
  public static Path path(String name) {
    try {
      return Path.of(Goldens.class.getResource("/goldens/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Tensors of a safetensors file. */
  public static Goldens open(String name) {
    return new Goldens(Weights.ofFile(path(name)));
  }

  /** A view of the file. */
  public Tensor tensor(String name) {
    return tensors.load(name, tensors.shape(name).toArray());
  }

  public float[] floats(String name) {
    return tensor(name).toFloats();
  }
}
