package org.reelspark.backend;

import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.tensor.Tensor;

/**
 * Attention for another library of the process, in its memory and on the stream that it uses on the
 * calling thread: in order with what that library enqueues there. It needs no turn on the device
 * and nothing of the backend's memory, and any number of threads may call it at a time.
 */
public interface StreamAttention {
  /** What the address of every input and output is a multiple of, in bytes. */
  int ALIGNMENT = 16;

  /**
   * Bytes of a call's workspace.
   *
   * @throws org.reelspark.error.ReelsparkException MODEL_UNSUPPORTED or TOKEN_BUDGET_EXCEEDED when
   *     the device cannot attend over such heads or so many keys
   */
  long workspaceBytes(AttentionShape shape, AttentionParameters parameters);

  /**
   * Enqueues a call and returns at once. The values are those of {@link
   * AttentionOperations#attention}.
   *
   * @param inputs of F32, each with at least one token
   * @param workspace the whole of its memory, aligned to 256 bytes; calls after this one on the
   *     stream may use it again
   * @param out like the query; must not overlap the inputs
   */
  void enqueue(
      AttentionInputs inputs, AttentionParameters parameters, Tensor workspace, Tensor out);
}
