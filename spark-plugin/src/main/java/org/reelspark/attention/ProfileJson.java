package org.reelspark.attention;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.reelspark.attention.BlockSelection.Dense;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;
import org.reelspark.attention.LayerProfile.TimestepRange;

/** The contents of a {@link ProfileFile}, field by field; absent fields are null. */
record ProfileJson(Integer version, TokenOrder order, TuningRecord tuning, List<LayerJson> layers) {
  private static final int VERSION = 1;

  ProfileJson {
    if (require("version", version) != VERSION) {
      throw new IllegalArgumentException(
          "version is %d; this program reads version %d".formatted(version, VERSION));
    }
    require("order", order);
    require("tuning", tuning);
    require("layers", layers);
  }

  record LayerJson(List<RangeJson> ranges) {
    LayerJson {
      require("ranges", ranges);
      toLayer(ranges);
    }

    private static LayerProfile toLayer(List<RangeJson> ranges) {
      return new LayerProfile(ranges.stream().map(RangeJson::toRange).toList());
    }
  }

  record RangeJson(Float fromTimestep, List<HeadJson> heads) {
    RangeJson {
      require("from_timestep", fromTimestep);
      require("heads", heads);
    }

    TimestepRange toRange() {
      return new TimestepRange(fromTimestep, heads.stream().map(HeadJson::toHead).toList());
    }
  }

  private enum Selection {
    DENSE,
    TOP_CDF,
    TOP_K
  }

  @JsonInclude(JsonInclude.Include.NON_NULL)
  record HeadJson(Selection selection, Float threshold, Float similarity, Float pv) {
    HeadJson {
      require("selection", selection);
      toHead(selection, threshold, similarity, pv);
    }

    HeadParameters toHead() {
      return toHead(selection, threshold, similarity, pv);
    }

    private static HeadParameters toHead(
        Selection selection, Float threshold, Float similarity, Float pv) {
      BlockSelection blocks =
          switch (selection) {
            case DENSE -> new Dense();
            case TOP_CDF -> new TopCdf(require("threshold", threshold));
            case TOP_K -> new TopK(require("threshold", threshold));
          };
      return new HeadParameters(
          blocks,
          similarity == null ? HeadParameters.NO_SIMILARITY_GATE : similarity,
          pv == null ? HeadParameters.NO_PV_SKIP : pv);
    }

    static HeadJson of(HeadParameters head) {
      Float similarity =
          head.similarityThreshold() == HeadParameters.NO_SIMILARITY_GATE
              ? null
              : (Float) head.similarityThreshold();
      Float pv =
          head.pvThreshold() == HeadParameters.NO_PV_SKIP ? null : (Float) head.pvThreshold();
      if (head.selection() instanceof TopCdf topCdf) {
        return new HeadJson(Selection.TOP_CDF, topCdf.threshold(), similarity, pv);
      }
      if (head.selection() instanceof TopK topK) {
        return new HeadJson(Selection.TOP_K, topK.fraction(), similarity, pv);
      }
      return new HeadJson(Selection.DENSE, null, similarity, pv);
    }
  }

  static ProfileJson of(TunedProfile tuned) {
    return new ProfileJson(
        VERSION,
        tuned.profile().order(),
        tuned.tuning(),
        tuned.profile().layers().stream().map(ProfileJson::layer).toList());
  }

  private static LayerJson layer(LayerProfile layer) {
    return new LayerJson(
        layer.ranges().stream()
            .map(
                range ->
                    new RangeJson(
                        range.fromTimestep(), range.heads().stream().map(HeadJson::of).toList()))
            .toList());
  }

  TunedProfile toProfile() {
    return new TunedProfile(
        new AttentionProfile(
            order, layers.stream().map(layer -> LayerJson.toLayer(layer.ranges())).toList()),
        tuning);
  }

  private static <T> T require(String field, T value) {
    if (value == null) {
      throw new IllegalArgumentException(field + " is missing");
    }
    return value;
  }
}
