package org.reelspark.jobs.tuning;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.reelspark.attention.HeadSample;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/** Takes the heads of an attention call out of its tensors. */
final class HeadSampler {
  private HeadSampler() {}

  /** One sample for each head of the first batch element. */
  static List<HeadSample> heads(AttentionInputs inputs) {
    int dimension = inputs.query().shape().intSize(3);
    float scale = (float) (1 / Math.sqrt(dimension));
    List<float[]> query = split(inputs.query(), inputs);
    List<float[]> key = split(inputs.key(), inputs);
    List<float[]> value = split(inputs.value(), inputs);
    int headsPerKeyHead = query.size() / key.size();
    List<HeadSample> samples = new ArrayList<>();
    for (int head = 0; head < query.size(); head++) {
      int keyHead = head / headsPerKeyHead;
      float[] queryRows = query.get(head);
      samples.add(
          new HeadSample(
              queryRows,
              key.get(keyHead),
              value.get(keyHead),
              queryRows.length / dimension,
              dimension,
              scale));
    }
    return samples;
  }

  private static List<float[]> split(Tensor tensor, AttentionInputs inputs) {
    if (tensor.dtype() != DType.F32 || tensor.space() != MemorySpace.HOST) {
      throw new IllegalStateException("heads can be sampled from F32 in host memory: " + tensor);
    }
    FloatBuffer values = tensor.buffer().asFloatBuffer();
    int dimension = tensor.shape().intSize(3);
    int second = tensor.shape().intSize(2);
    int first = tensor.shape().intSize(1);
    return switch (inputs.layout()) {
      case TOKEN_MAJOR -> rows(values, second, first, dimension, dimension, second * dimension);
      case HEAD_MAJOR -> rows(values, first, second, dimension, second * dimension, dimension);
    };
  }

  private static List<float[]> rows(
      FloatBuffer values, int heads, int tokens, int dimension, int headStride, int tokenStride) {
    List<float[]> all = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      float[] rows = new float[tokens * dimension];
      for (int token = 0; token < tokens; token++) {
        values.get(head * headStride + token * tokenStride, rows, token * dimension, dimension);
      }
      all.add(rows);
    }
    return all;
  }
}
