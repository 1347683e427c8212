package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.LayerProfile;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.tensor.Tensor;

/** Self-attention by a profile's parameters, counted and shown to an observer. */
final class ProfiledSelfAttention implements SelfAttention {
  private final AttentionProfile profile;
  private final WanTransformerConfig config;
  private final Backend backend;
  private final DenoiseObserver observer;
  private final List<Call> calls = new ArrayList<>();
  private int step;
  private float timestep;

  private record Call(int layer, Supplier<AttentionStatistics> statistics) {}

  /**
   * @throws ReelsparkException PROFILE_INVALID when the profile is of a model of another size
   */
  ProfiledSelfAttention(
      AttentionProfile profile,
      WanTransformerConfig config,
      DenoiseObserver observer,
      Backend backend) {
    requireSize(profile, config);
    this.profile = profile;
    this.config = config;
    this.backend = backend;
    this.observer = observer;
  }

  /**
   * @throws ReelsparkException PROFILE_INVALID when the profile is of a model of another size
   */
  static void requireSize(AttentionProfile profile, WanTransformerConfig config) {
    int layers = profile.layers().size();
    if (layers != 0 && layers != config.layers()) {
      throw mismatch("%d layers; the model has %d".formatted(layers, config.layers()));
    }
    for (LayerProfile layer : profile.layers()) {
      for (LayerProfile.TimestepRange range : layer.ranges()) {
        if (range.heads().size() != config.heads()) {
          throw mismatch(
              "a layer of %d heads; the model has %d"
                  .formatted(range.heads().size(), config.heads()));
        }
      }
    }
  }

  private static ReelsparkException mismatch(String found) {
    return new ReelsparkException(
        ErrorCode.PROFILE_INVALID,
        "the attention profile has " + found + "; use the profile that was tuned for this model");
  }

  void startStep(int newStep, float newTimestep) {
    step = newStep;
    timestep = newTimestep;
  }

  @Override
  public void attend(int layer, AttentionInputs inputs, Tensor out) {
    AttentionParameters parameters =
        profile.parameters(layer, timestep, config.heads(), config.attentionScale());
    calls.add(new Call(layer, backend.attention(inputs, parameters, out)));
    observer.afterSelfAttention(layer, step, timestep, inputs, out);
  }

  /** Adds those of all calls, in their order; waits for those that the backend is still at. */
  AttentionStatistics statisticsAfter(AttentionStatistics earlier) {
    return calls.stream()
        .map(call -> call.statistics().get())
        .reduce(earlier, AttentionStatistics::plus);
  }

  /** Sums of each layer; waits like {@link #statisticsAfter}. */
  List<AttentionStatistics> statisticsByLayer() {
    List<AttentionStatistics> layers =
        new ArrayList<>(Collections.nCopies(config.layers(), AttentionStatistics.NONE));
    for (Call call : calls) {
      layers.set(call.layer(), layers.get(call.layer()).plus(call.statistics().get()));
    }
    return layers;
  }
}
