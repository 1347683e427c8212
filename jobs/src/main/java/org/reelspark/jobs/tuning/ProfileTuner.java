package org.reelspark.jobs.tuning;

import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.HeadSample;
import org.reelspark.attention.LayerProfile;
import org.reelspark.attention.LayerProfile.TimestepRange;
import org.reelspark.attention.PvTuner;
import org.reelspark.attention.SelectionTuner;
import org.reelspark.attention.TokenOrder;
import org.reelspark.attention.TunedHead;
import org.reelspark.attention.TunedProfile;
import org.reelspark.attention.TuningRecord;
import org.reelspark.backend.Backend;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoModel;

/**
 * Finds a model's attention profile. A first round of dense runs finds the block selection of every
 * head in every token order, and keeps the order that skips the most; a second round, over the same
 * samples, adds PV thresholds.
 */
public final class ProfileTuner {
  /** Part of the error bound that block selection may use; PV thresholds may use all of it. */
  private static final double SELECTION_SHARE = 0.9;

  private final TuningPlan plan;
  private final ModelDescription model;
  private final CalibrationRuns runs;
  private final Consumer<String> progress;

  /**
   * @param model without a profile of its own
   * @param backend that it runs on
   * @param progress takes a line for each thing found
   */
  public ProfileTuner(
      VideoModel model, Backend backend, TuningPlan plan, Consumer<String> progress) {
    this.plan = plan;
    this.model = model.description();
    this.runs = new CalibrationRuns(model, backend, plan);
    this.progress = progress;
  }

  /** Runs the calibration prompts and returns the best profile. */
  public TunedProfile tune() {
    Map<TokenOrder, Map<HeadPlace, TunedHead>> selections = tuneSelections();
    TokenOrder order = bestOrder(selections);
    Map<HeadPlace, TunedHead> heads = tunePv(order, selections.get(order));
    progress.accept(
        "With PV thresholds: %.1f%% of the matrix products skipped"
            .formatted(100 * sparsity(heads)));
    TuningRecord record =
        new TuningRecord(
            model.digest(),
            LocalDate.now(ZoneOffset.UTC).toString(),
            plan.bound(),
            plan.prompts(),
            plan.steps(),
            sparsity(heads));
    return new TunedProfile(new AttentionProfile(order, layers(heads)), record);
  }

  private Map<TokenOrder, Map<HeadPlace, TunedHead>> tuneSelections() {
    Map<TokenOrder, Map<HeadPlace, SelectionTuner>> tuners = new EnumMap<>(TokenOrder.class);
    for (TokenOrder order : plan.orders()) {
      tuners.put(order, HeadPlace.fill(model, plan.ranges(), place -> new SelectionTuner()));
    }
    forEachSample(
        "Block selection",
        plan.orders(),
        (order, place, sample, queryBlocks) ->
            tuners.get(order).get(place).add(sample, queryBlocks));
    Map<TokenOrder, Map<HeadPlace, TunedHead>> best = new EnumMap<>(TokenOrder.class);
    tuners.forEach(
        (order, heads) ->
            best.put(
                order,
                HeadPlace.fill(
                    model,
                    plan.ranges(),
                    place -> heads.get(place).best(SELECTION_SHARE * plan.bound()))));
    return best;
  }

  private TokenOrder bestOrder(Map<TokenOrder, Map<HeadPlace, TunedHead>> selections) {
    TokenOrder best = plan.orders().get(0);
    for (TokenOrder order : plan.orders()) {
      progress.accept(
          "%s: %.1f%% of the blocks skipped"
              .formatted(order, 100 * sparsity(selections.get(order))));
      if (sparsity(selections.get(order)) > sparsity(selections.get(best))) {
        best = order;
      }
    }
    progress.accept("Best token order: " + best);
    return best;
  }

  private Map<HeadPlace, TunedHead> tunePv(TokenOrder order, Map<HeadPlace, TunedHead> selections) {
    Map<HeadPlace, PvTuner> tuners =
        HeadPlace.fill(
            model, plan.ranges(), place -> new PvTuner(selections.get(place).parameters()));
    forEachSample(
        "PV thresholds",
        List.of(order),
        (sameOrder, place, sample, queryBlocks) -> tuners.get(place).add(sample, queryBlocks));
    return HeadPlace.fill(model, plan.ranges(), place -> tuners.get(place).best(plan.bound()));
  }

  private interface SampleTask {
    void accept(TokenOrder order, HeadPlace place, HeadSample sample, int[] queryBlocks);
  }

  private void forEachSample(String round, List<TokenOrder> orders, SampleTask task) {
    int[] taken = {0};
    for (int prompt = 0; prompt < plan.prompts().size(); prompt++) {
      String place = "%s: prompt %d of %d".formatted(round, prompt + 1, plan.prompts().size());
      runs.run(
          prompt,
          new CalibrationRuns.SampleConsumer() {
            @Override
            public void accept(int layer, int step, SampledAttention attention) {
              int[] queryBlocks = queryBlocks(attention.tokens(), taken[0]++);
              forEachHead(layer, step, attention, orders, queryBlocks, task);
            }

            @Override
            public void stepDone(int step) {
              progress.accept("%s, step %d of %d".formatted(place, step + 1, plan.steps()));
            }
          });
    }
  }

  /** Heads and orders are worked on in parallel. */
  private void forEachHead(
      int layer,
      int step,
      SampledAttention attention,
      List<TokenOrder> orders,
      int[] queryBlocks,
      SampleTask task) {
    int heads = attention.heads();
    IntStream.range(0, heads * orders.size())
        .parallel()
        .forEach(
            i -> {
              TokenOrder order = orders.get(i / heads);
              int head = i % heads;
              int[] permutation = order.permutation(plan.geometry().grid());
              task.accept(
                  order,
                  new HeadPlace(layer, plan.range(step), head),
                  attention.head(head).permuted(permutation),
                  queryBlocks);
            });
  }

  /** Evenly spread query blocks, others for each call so that all get their turn. */
  private int[] queryBlocks(int tokens, int call) {
    int blocks = (tokens + QUERY_BLOCK - 1) / QUERY_BLOCK;
    int count = Math.min(plan.queryBlocks(), blocks);
    return IntStream.range(0, count).map(i -> (i * blocks / count + call) % blocks).toArray();
  }

  private static double sparsity(Map<HeadPlace, TunedHead> heads) {
    return heads.values().stream().mapToDouble(TunedHead::sparsity).average().orElse(0);
  }

  private List<LayerProfile> layers(Map<HeadPlace, TunedHead> heads) {
    List<LayerProfile> layers = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      List<TimestepRange> ranges = new ArrayList<>();
      for (int range = 0; range < plan.ranges(); range++) {
        List<HeadParameters> parameters = new ArrayList<>();
        for (int head = 0; head < model.heads(); head++) {
          parameters.add(heads.get(new HeadPlace(layer, range, head)).parameters());
        }
        ranges.add(new TimestepRange(fromTimestep(range), parameters));
      }
      layers.add(new LayerProfile(ranges));
    }
    return layers;
  }

  /** Halfway between the last step of a range and the first of the next; 0 for the last range. */
  private float fromTimestep(int range) {
    float[] timesteps = runs.timesteps();
    for (int step = 1; step < plan.steps(); step++) {
      if (plan.range(step - 1) == range && plan.range(step) == range + 1) {
        return (timesteps[step - 1] + timesteps[step]) / 2;
      }
    }
    return 0;
  }
}
