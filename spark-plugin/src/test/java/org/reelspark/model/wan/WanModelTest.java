package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.LayerProfile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.Goldens;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Tensor;

/** How the small golden checkpoint, of 2 layers and 2 heads, behaves as a model. */
@ExtendWith(NothingStaysAllocated.class)
class WanModelTest {
  private static final int STEPS = 3;
  private static final int LAYERS = 2;

  private Backend backend;
  private VideoModel model;
  private TextEmbedding prompt;
  private TextEmbedding negative;

  @BeforeEach
  void loadModel() {
    backend = CpuBackend.create(new CpuOptions(2));
    model = load(backend);
    prompt = model.encodeText("a red square moves right");
    negative = model.encodeText("");
  }

  @AfterEach
  void close() {
    prompt.close();
    negative.close();
    model.close();
    backend.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void sameRequestGivesTheSameBitsWhateverTheThreadCount(int threads) {
    byte[] expected = video(model, prompt, negative);

    try (Backend other = CpuBackend.create(new CpuOptions(threads));
        VideoModel sameModel = load(other);
        TextEmbedding samePrompt = sameModel.encodeText("a red square moves right");
        TextEmbedding sameNegative = sameModel.encodeText("")) {
      assertThat(video(sameModel, samePrompt, sameNegative)).isEqualTo(expected);
      assertThat(video(sameModel, samePrompt, sameNegative)).isEqualTo(expected);
    }
  }

  @Test
  void seedsGiveDifferentVideos() {
    assertThat(latents(request(4, 1, AttentionProfile.DENSE)))
        .isNotEqualTo(latents(request(4, 2, AttentionProfile.DENSE)));
  }

  @Test
  void observerSeesEverySelfAttentionOfBothGuidanceBranches() {
    CallCounter calls = new CallCounter();

    denoise(request(4, 1, AttentionProfile.DENSE), negative, calls).close();

    assertThat(calls.steps).containsExactly(0, 1, 2);
    assertThat(calls.layers).isEqualTo(Collections.nCopies(2 * STEPS, List.of(0, 1)));
    assertThat(calls.timesteps.get(0)).isEqualTo(999);
    assertThat(calls.timesteps).isSortedAccordingTo((a, b) -> Float.compare(b, a));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 0.5f, 1})
  void guidanceOfAtMostOneNeedsNoNegativePromptAndOneForward(float guidanceScale) {
    CallCounter calls = new CallCounter();

    denoise(request(guidanceScale, 1, AttentionProfile.DENSE), null, calls).close();

    assertThat(calls.layers).isEqualTo(Collections.nCopies(STEPS, List.of(0, 1)));
  }

  @Test
  void guidanceOfAnIntervalRunsTheNegativePromptInItsStepsOnly() {
    CallCounter calls = new CallCounter();
    Guidance secondStep = new Guidance(4, 0.4f, 0.6f);

    denoise(request(secondStep, 1, AttentionProfile.DENSE), negative, calls).close();

    assertThat(calls.layers).hasSize(STEPS + 1);
    assertThat(calls.stepOfRun).containsExactly(0, 1, 1, 2);
  }

  @Test
  void emptyIntervalIsARunWithoutGuidance() {
    DenoiseRequest empty = request(new Guidance(4, 0.5f, 0.5f), 1, AttentionProfile.DENSE);

    try (DenoiseResult result = denoise(empty, null, DenoiseObserver.NONE)) {
      assertThat(result.latents().toFloats())
          .isEqualTo(latents(request(1, 1, AttentionProfile.DENSE)));
    }
  }

  @Test
  void stepsBeforeTheIntervalAreThoseOfARunWithoutGuidance() {
    Guidance lastSteps = new Guidance(4, 0.3f, 1);

    assertThat(firstLatents(request(lastSteps, 1, AttentionProfile.DENSE)))
        .isEqualTo(firstLatents(request(1, 1, AttentionProfile.DENSE)))
        .isNotEqualTo(firstLatents(request(4, 1, AttentionProfile.DENSE)));
  }

  @Test
  void observerCanCancel() {
    ReelsparkException cancelled = new ReelsparkException(ErrorCode.CANCELLED, "stop");
    DenoiseObserver cancelling =
        new DenoiseObserver() {
          @Override
          public void beforeStep(int step, int steps) {
            if (step == 1) {
              throw cancelled;
            }
          }
        };

    assertThatThrownBy(() -> denoise(request(4, 1, AttentionProfile.DENSE), negative, cancelling))
        .isSameAs(cancelled);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0.4, 0.6"})
  void runGoesOnAfterAnyStepWithTheSameBits(float guidanceStart, float guidanceEnd) {
    HeadParameters half =
        new HeadParameters(new BlockSelection.TopK(0.5f), -1, Float.POSITIVE_INFINITY);
    Guidance guidance = new Guidance(4, guidanceStart, guidanceEnd);
    DenoiseRequest request = request(guidance, 1, profile(TokenOrder.HILBERT, LAYERS, 2, half));
    List<DenoiseState> states = new ArrayList<>();
    List<AttentionStatistics> layers = new ArrayList<>();
    DenoiseObserver keeping =
        new DenoiseObserver() {
          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            states.add(state.get());
          }

          @Override
          public void afterRun(List<AttentionStatistics> ofLayers) {
            layers.addAll(ofLayers);
          }
        };

    try (DenoiseResult unbroken = denoise(request, negative, keeping)) {
      assertThat(states).extracting(DenoiseState::stepsDone).containsExactly(1, 2, 3);
      assertThat(layers).hasSize(LAYERS);
      assertThat(layers.get(0).plus(layers.get(1))).isEqualTo(unbroken.statistics());
      for (DenoiseState state : states) {
        CallCounter calls = new CallCounter();
        try (DenoiseResult resumed =
            model.denoise(request, Optional.of(state), prompt, negative, calls)) {
          assertThat(calls.steps)
              .containsExactlyElementsOf(
                  IntStream.range(state.stepsDone(), STEPS).boxed().toList());
          assertThat(resumed.latents().toFloats()).isEqualTo(unbroken.latents().toFloats());
          assertThat(resumed.statistics()).isEqualTo(unbroken.statistics());
        }
      }
    }
  }

  @Test
  void runThatDoesNotFitIsNotGoneOnWith() {
    DenoiseRequest request = request(4, 1, AttentionProfile.DENSE);
    List<DenoiseState> states = new ArrayList<>();
    DenoiseObserver keeping =
        new DenoiseObserver() {
          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            states.add(state.get());
          }
        };
    float[] unbroken;
    try (DenoiseResult result = denoise(request, negative, keeping)) {
      unbroken = result.latents().toFloats();
    }
    DenoiseState left = states.get(1);
    int tensors = left.tensors().size();
    List<float[]> fewer = left.tensors().subList(0, tensors - 1);
    List<float[]> shorter = Collections.nCopies(tensors, new float[] {1});

    for (DenoiseState other :
        List.of(
            new DenoiseState("cuda bf16 eight_bit", 2, left.tensors(), left.statistics()),
            new DenoiseState(left.arithmetic(), 0, left.tensors(), left.statistics()),
            new DenoiseState(left.arithmetic(), STEPS + 1, left.tensors(), left.statistics()),
            new DenoiseState(left.arithmetic(), 2, fewer, left.statistics()),
            new DenoiseState(left.arithmetic(), 2, shorter, left.statistics()))) {
      CallCounter calls = new CallCounter();
      try (DenoiseResult result =
          model.denoise(request, Optional.of(other), prompt, negative, calls)) {
        assertThat(result.latents().toFloats()).as("%s", other).isEqualTo(unbroken);
      }
      assertThat(calls.steps).containsExactlyElementsOf(IntStream.range(0, STEPS).boxed().toList());
    }
  }

  @Test
  void latentsThatOverflowAreAnErrorOfTheRow() {
    assertThatThrownBy(
            () ->
                denoise(
                    request(Float.MAX_VALUE, 5, AttentionProfile.DENSE),
                    negative,
                    DenoiseObserver.NONE))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.LATENTS_NOT_FINITE))
        .hasMessageContaining("step 1 of 3")
        .hasMessageContaining("guidance scale 3.4028235E38")
        .hasMessageContaining("seed 5");
  }

  @Test
  void sparseProfileSkipsBlocksAndSaysSo() {
    HeadParameters half =
        new HeadParameters(new BlockSelection.TopK(0.5f), -1, Float.POSITIVE_INFINITY);

    try (DenoiseResult dense =
            denoise(request(4, 1, AttentionProfile.DENSE), negative, DenoiseObserver.NONE);
        DenoiseResult sparse =
            denoise(
                request(4, 1, profile(TokenOrder.HILBERT, LAYERS, 2, half)),
                negative,
                DenoiseObserver.NONE)) {
      // 72 tokens are one block of queries and two of keys.
      assertThat(dense.statistics().admissible()).isEqualTo(2L * STEPS * LAYERS * 2 * 2);
      assertThat(dense.statistics().qkSparsity()).isZero();
      assertThat(sparse.statistics().qkSparsity()).isEqualTo(0.5);
      assertThat(sparse.latents().toFloats()).isNotEqualTo(dense.latents().toFloats());
    }
  }

  @Test
  void refusesAProfileOfAnotherModel() {
    AttentionProfile deeper = profile(TokenOrder.ROW_MAJOR, LAYERS + 1, 2, HeadParameters.DENSE);
    AttentionProfile wider = profile(TokenOrder.ROW_MAJOR, LAYERS, 3, HeadParameters.DENSE);

    assertRefused(deeper, "3 layers; the model has 2");
    assertRefused(wider, "a layer of 3 heads; the model has 2");
  }

  private void assertRefused(AttentionProfile profile, String problem) {
    assertThatThrownBy(() -> denoise(request(4, 1, profile), negative, DenoiseObserver.NONE))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PROFILE_INVALID))
        .hasMessageContaining(problem);
  }

  private static AttentionProfile profile(
      TokenOrder order, int layers, int heads, HeadParameters parameters) {
    LayerProfile layer =
        new LayerProfile(
            List.of(new LayerProfile.TimestepRange(0, Collections.nCopies(heads, parameters))));
    return new AttentionProfile(order, Collections.nCopies(layers, layer));
  }

  private static VideoModel load(Backend backend) {
    return WanModel.load(
        Checkpoint.open(Goldens.path("wan/checkpoint")), Optional.empty(), backend);
  }

  private DenoiseRequest request(float guidanceScale, long seed, AttentionProfile profile) {
    return request(Guidance.throughout(guidanceScale), seed, profile);
  }

  private DenoiseRequest request(Guidance guidance, long seed, AttentionProfile profile) {
    return new DenoiseRequest(model.geometry(48, 32, 9), STEPS, guidance, seed, profile);
  }

  private DenoiseResult denoise(
      DenoiseRequest request, TextEmbedding unwanted, DenoiseObserver observer) {
    return model.denoise(request, prompt, unwanted, observer);
  }

  private float[] latents(DenoiseRequest request) {
    try (DenoiseResult result = denoise(request, negative, DenoiseObserver.NONE)) {
      return result.latents().toFloats();
    }
  }

  /** After the first step. */
  private float[] firstLatents(DenoiseRequest request) {
    List<float[]> latents = new ArrayList<>();
    DenoiseObserver keeping =
        new DenoiseObserver() {
          @Override
          public void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {
            latents.add(state.get().tensors().get(0));
          }
        };
    denoise(request, negative, keeping).close();
    return latents.get(0);
  }

  private byte[] video(VideoModel videoModel, TextEmbedding wanted, TextEmbedding unwanted) {
    DenoiseRequest request = request(4, 1, AttentionProfile.DENSE);
    try (DenoiseResult result =
            videoModel.denoise(request, wanted, unwanted, DenoiseObserver.NONE);
        Tensor pixels = videoModel.decode(result.latents())) {
      byte[] bytes = new byte[Math.toIntExact(pixels.byteSize())];
      pixels.buffer().get(bytes);
      return bytes;
    }
  }

  private static final class CallCounter implements DenoiseObserver {
    private final List<Integer> steps = new ArrayList<>();
    private final List<List<Integer>> layers = new ArrayList<>();
    private final List<Integer> stepOfRun = new ArrayList<>();
    private final List<Float> timesteps = new ArrayList<>();

    @Override
    public void beforeStep(int step, int count) {
      assertThat(count).isEqualTo(STEPS);
      steps.add(step);
    }

    @Override
    public void afterSelfAttention(
        int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {
      if (layer == 0) {
        layers.add(new ArrayList<>());
        stepOfRun.add(step);
      }
      layers.get(layers.size() - 1).add(layer);
      timesteps.add(timestep);
      assertThat(steps).last().isEqualTo(step);
      assertThat(inputs.query().shape().toArray()).containsExactly(1, 72, 2, 16);
      assertThat(output.shape()).isEqualTo(inputs.query().shape());
    }
  }
}
