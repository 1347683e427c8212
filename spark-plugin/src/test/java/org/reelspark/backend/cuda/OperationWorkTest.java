package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class OperationWorkTest {
  private final List<Tensor> tensors = new ArrayList<>();

  @AfterEach
  void free() {
    tensors.forEach(Tensor::close);
  }

  private Tensor tensor(DType type, long... sizes) {
    Tensor tensor = Tensor.allocateHost(type, Shape.of(sizes));
    tensors.add(tensor);
    return tensor;
  }

  @Test
  void aLinearLayerMultipliesEveryRowByEveryWeight() {
    Linear linear = new Linear(tensor(DType.BF16, 7, 5), tensor(DType.F32, 7));

    OperationWork work =
        OperationWork.of(
            tensor(DType.BF16, 2, 3, 5), linear, Activation.NONE, tensor(DType.F32, 6, 7));

    assertThat(work).isEqualTo(new OperationWork(2 * 6 * 5 * 7, 2 * (30 + 35) + 4 * (7 + 42)));
  }

  @Test
  void severalLayersReadTheirInputOnce() {
    Tensor x = tensor(DType.BF16, 6, 5);
    Linear first = new Linear(tensor(DType.BF16, 7, 5), null);
    Linear second =
        new Linear(tensor(DType.F8_E4M3, 9, 5), tensor(DType.F32, 9), tensor(DType.BF16, 9));

    OperationWork work =
        OperationWork.of(
            x, List.of(first, second), List.of(tensor(DType.BF16, 6, 7), tensor(DType.BF16, 6, 9)));

    assertThat(work)
        .isEqualTo(
            new OperationWork(
                2 * 6 * 5 * (7 + 9), 2 * (30 + 35) + 45 + 4 * 9 + 2 * (9 + 6 * 7 + 6 * 9)));
  }

  @Test
  void anUpsamplingConvolutionIsCountedByWhatItWrites() {
    Convolution convolution =
        new Convolution(
            tensor(DType.F16, 4, 1, 3, 3, 6), tensor(DType.F16, 4), tensor(DType.F16, 6));

    OperationWork work =
        OperationWork.of(
            tensor(DType.F16, 2, 5, 5, 6), convolution, tensor(DType.F16, 2, 10, 10, 4));

    assertThat(work)
        .isEqualTo(new OperationWork(2.0 * 9 * 6 * 4 * 200, 2 * (300 + 4 * 9 * 6 + 4 + 6 + 800)));
  }

  @Test
  void attentionMultipliesTwiceForEachQueryAndKey() {
    Tensor query = tensor(DType.BF16, 1, 9, 4, 8);
    Tensor key = tensor(DType.BF16, 1, 5, 2, 8);
    AttentionInputs inputs = new AttentionInputs(query, key, key, AttentionLayout.TOKEN_MAJOR);

    OperationWork work = OperationWork.of(inputs, null, query);

    assertThat(work).isEqualTo(new OperationWork(4 * 9 * 4 * 8 * 5, 2 * (2 * 288 + 2 * 80)));
  }

  @Test
  void otherOperationsOnlyMove() {
    Tensor x = tensor(DType.F32, 3, 4);
    RotaryTable table = new RotaryTable(tensor(DType.F32, 3, 2), tensor(DType.F32, 3, 2));

    assertThat(OperationWork.of(x, 1e-6f, table, x)).isEqualTo(new OperationWork(0, 4 * 36));
    assertThat(OperationWork.of(new float[] {1, 2}, List.of(x, x), x))
        .isEqualTo(new OperationWork(0, 4 * 36));
  }
}
