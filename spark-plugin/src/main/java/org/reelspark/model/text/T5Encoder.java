package org.reelspark.model.text;

import java.nio.ByteBuffer;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * The encoders of T5 v1.1 and UMT5 (transformers' {@code T5EncoderModel} and {@code
 * UMT5EncoderModel}). A padding mask hides padding from every real token, so only real tokens are
 * computed and no mask is needed.
 */
final class T5Encoder implements AutoCloseable {
  private final T5Config config;
  private final Backend backend;
  private final Weights files;
  private final BackendWeights memory;
  private final T5Weights weights;

  private T5Encoder(T5Config config, Backend backend, BackendWeights memory, T5Weights weights) {
    this.config = config;
    this.backend = backend;
    this.files = memory.files();
    this.memory = memory;
    this.weights = weights;
  }

  static T5Encoder load(JsonConfig file, Weights files, Backend backend) {
    T5Config config = T5Config.read(file);
    BackendWeights memory = new BackendWeights(files, backend);
    try {
      return new T5Encoder(config, backend, memory, T5Weights.load(config, memory));
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** Width of the states. */
  int width() {
    return config.width();
  }

  /**
   * Encodes a prompt.
   *
   * @param states receives {@code [ids.length, width]}, in the backend's memory
   */
  void encode(int[] ids, Tensor states) {
    try (Tensor x = embed(ids);
        Activations a = new Activations(ids.length)) {
      for (T5Weights.Layer layer : weights.layers()) {
        attend(x, layer, a);
        feedForward(x, layer, a);
      }
      backend.rmsNorm(x, weights.finalNorm(), config.epsilon(), states);
    }
  }

  private void attend(Tensor x, T5Weights.Layer layer, Activations a) {
    layer.positionBias().spread(a.length, a.hostBias);
    backend.copy(a.hostBias, a.bias);
    backend.rmsNorm(x, layer.attentionNorm(), config.epsilon(), a.normed);
    backend.linear(a.normed, layer.query(), Activation.NONE, a.query);
    backend.linear(a.normed, layer.key(), Activation.NONE, a.key);
    backend.linear(a.normed, layer.value(), Activation.NONE, a.value);
    // T5 does not divide scores by the root of the head dimension; its initialisation does.
    backend.biasedAttention(
        a.heads(a.query), a.heads(a.key), a.heads(a.value), a.bias, 1, a.heads(a.attended));
    backend.linearAdd(a.attended, layer.output(), null, x);
  }

  private void feedForward(Tensor x, T5Weights.Layer layer, Activations a) {
    backend.rmsNorm(x, layer.feedForwardNorm(), config.epsilon(), a.normed);
    backend.linear(a.normed, layer.gate(), Activation.GELU_TANH, a.gate);
    backend.linear(a.normed, layer.up(), Activation.NONE, a.up);
    backend.multiply(a.gate, a.up, a.gate);
    backend.linearAdd(a.gate, layer.down(), null, x);
  }

  private Tensor embed(int[] ids) {
    String table = weights.embedding();
    Shape shape = Shape.of(ids.length, config.width());
    try (Tensor rows = Tensor.allocateHost(files.dtype(table), shape)) {
      ByteBuffer bytes = rows.buffer();
      for (int id : ids) {
        if (id < 0 || id >= config.vocabulary()) {
          throw new ReelsparkException(
              ErrorCode.CHECKPOINT_INVALID,
              "the tokenizer gives the id %d, but the text encoder knows ids below %d: they belong to different models"
                  .formatted(id, config.vocabulary()));
        }
        try (Tensor row = files.rows(table, id, id + 1L)) {
          bytes.put(row.buffer());
        }
      }
      return backend.upload(rows);
    }
  }

  @Override
  public void close() {
    memory.close();
  }

  /** Intermediate results for one length. */
  private final class Activations implements AutoCloseable {
    private final int length;
    private final Tensor normed;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor attended;
    private final Tensor gate;
    private final Tensor up;
    private final Tensor bias;
    private final Tensor hostBias;

    Activations(int length) {
      this.length = length;
      normed = backend.allocate(length, config.width());
      query = backend.allocate(length, config.attentionWidth());
      key = backend.allocate(length, config.attentionWidth());
      value = backend.allocate(length, config.attentionWidth());
      attended = backend.allocate(length, config.attentionWidth());
      gate = backend.allocate(length, config.feedForward());
      up = backend.allocate(length, config.feedForward());
      bias = backend.allocate(config.heads(), length, length);
      hostBias = Tensor.allocateHost(bias.dtype(), bias.shape());
    }

    Tensor heads(Tensor projected) {
      return projected.reshape(length, config.heads(), config.headDimension());
    }

    @Override
    public void close() {
      for (Tensor tensor :
          new Tensor[] {normed, query, key, value, attended, gate, up, bias, hostBias}) {
        tensor.close();
      }
    }
  }
}
