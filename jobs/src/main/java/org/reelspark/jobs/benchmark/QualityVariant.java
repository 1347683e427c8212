package org.reelspark.jobs.benchmark;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.model.Guidance;
import org.reelspark.model.ModelDescription;

/**
 * A way to make clips that quality is measured of.
 *
 * @param name for the report
 * @param cacheThreshold of the first-block cache, or 0
 */
record QualityVariant(
    String name, AttentionProfile profile, Guidance guidance, float cacheThreshold) {
  /** Dense and, where the model has a profile, sparse attention. */
  static List<QualityVariant> ofAttention(ModelDescription model) {
    Guidance guidance = Guidance.throughout(model.defaults().guidanceScale());
    List<QualityVariant> variants = new ArrayList<>();
    variants.add(new QualityVariant("dense", AttentionProfile.DENSE, guidance, 0));
    model
        .profile()
        .ifPresent(profile -> variants.add(new QualityVariant("sparse", profile, guidance, 0)));
    return variants;
  }

  /** The model's usual way, the same with guidance in each interval, and with each cache. */
  static List<QualityVariant> ofShortcuts(
      ModelDescription model,
      List<GuidanceInterval> guidanceIntervals,
      List<Float> cacheThresholds) {
    AttentionProfile profile = model.profile().orElse(AttentionProfile.DENSE);
    float scale = model.defaults().guidanceScale();
    Guidance throughout = Guidance.throughout(scale);
    List<QualityVariant> variants = new ArrayList<>();
    variants.add(new QualityVariant("all runs", profile, throughout, 0));
    for (GuidanceInterval interval : guidanceIntervals) {
      variants.add(
          new QualityVariant("guidance " + interval, profile, interval.guidance(scale), 0));
    }
    for (float threshold : cacheThresholds) {
      variants.add(new QualityVariant("cache " + threshold, profile, throughout, threshold));
    }
    return variants;
  }
}
