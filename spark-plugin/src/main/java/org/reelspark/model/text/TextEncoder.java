package org.reelspark.model.text;

import org.reelspark.backend.Backend;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.PromptText;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Prompts to states, with the tokenizer and the text encoder of a checkpoint. */
public final class TextEncoder implements AutoCloseable {
  private final PromptTokenizer tokenizer;
  private final T5Encoder encoder;
  private final Backend backend;
  private final int maxLength;

  private TextEncoder(
      PromptTokenizer tokenizer, T5Encoder encoder, Backend backend, int maxLength) {
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.backend = backend;
    this.maxLength = maxLength;
  }

  /**
   * Loads {@code tokenizer/tokenizer.json} and {@code text_encoder/}.
   *
   * @throws ReelsparkException MODEL_NOT_FOUND, MODEL_UNSUPPORTED, CHECKPOINT_INVALID or
   *     BACKEND_UNAVAILABLE
   */
  public static TextEncoder load(Checkpoint checkpoint, Backend backend) {
    int maxLength = checkpoint.maxSequenceLength();
    PromptTokenizer tokenizer =
        PromptTokenizer.open(checkpoint.file("tokenizer", "tokenizer.json"), maxLength);
    try {
      T5Encoder encoder =
          T5Encoder.load(
              checkpoint.config("text_encoder"), checkpoint.weights("text_encoder"), backend);
      return new TextEncoder(tokenizer, encoder, backend, maxLength);
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Width of the states. */
  public int width() {
    return encoder.width();
  }

  /** Rows of the states, padding included. */
  public int maxLength() {
    return maxLength;
  }

  /**
   * Cleans, tokenizes and encodes a prompt, which may be empty. Tokens past the model's length are
   * ignored.
   *
   * @return {@code [maxLength, width]} states, zero past the tokens; the caller closes them
   * @throws ReelsparkException INVALID_PROMPT
   */
  public TextEmbedding encode(String prompt) {
    PromptText.require("prompt", prompt);
    int[] ids = tokenizer.encode(PromptCleaner.clean(prompt));
    Tensor states = zeros(maxLength, encoder.width());
    try {
      encoder.encode(ids, states.slice(0, ids.length));
      return new TextEmbedding(states, ids.length);
    } catch (RuntimeException | Error e) {
      states.close();
      throw e;
    }
  }

  private Tensor zeros(long rows, long columns) {
    try (Tensor host = Tensor.allocateHost(DType.F32, Shape.of(rows, columns))) {
      host.buffer().put(new byte[Math.toIntExact(host.byteSize())]);
      Tensor zeros = backend.allocate(rows, columns);
      backend.copy(host, zeros);
      return zeros;
    }
  }

  @Override
  public void close() {
    tokenizer.close();
    encoder.close();
  }
}
