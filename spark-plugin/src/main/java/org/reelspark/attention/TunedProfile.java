package org.reelspark.attention;

import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** A profile and how it was found. */
public record TunedProfile(AttentionProfile profile, TuningRecord tuning) {
  /** Name of the profile's file in a model directory. */
  public static final String FILE_NAME = "attention_profile.json";

  /**
   * Refuses to be used with another model than it was tuned for.
   *
   * @throws ReelsparkException PROFILE_INVALID
   */
  public void checkModel(String digest) {
    if (!tuning.modelDigest().equals(digest)) {
      throw new ReelsparkException(
          ErrorCode.PROFILE_INVALID,
          "the attention profile was tuned for the model with digest %s, but this model's is %s; if its files should be the same, one is damaged, so fetch them again; else run jobs/tune-attention on this model, or remove its %s to attend densely"
              .formatted(tuning.modelDigest(), digest, FILE_NAME));
    }
  }
}
