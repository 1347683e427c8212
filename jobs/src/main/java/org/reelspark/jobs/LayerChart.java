package org.reelspark.jobs;

import java.util.List;
import java.util.Locale;

/** A column for each layer of the model: how much of its self-attention was skipped. */
final class LayerChart {
  private static final double HEIGHT = 120;
  private static final double MOST_WIDTH = 60;
  private static final double LEAST_LABEL_WIDTH = 30;

  private LayerChart() {}

  /**
   * @param sparsities in [0, 1]
   */
  static String svg(List<Double> sparsities) {
    if (sparsities.isEmpty()) {
      return "<p>No video was made.</p>\n";
    }
    double width = Math.min(MOST_WIDTH, TimeAxis.WIDTH / sparsities.size());
    StringBuilder columns = new StringBuilder();
    for (int layer = 0; layer < sparsities.size(); layer++) {
      double sparsity = sparsities.get(layer);
      columns.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"good\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>layer %d: %.0f%%</title></rect>%s<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n",
              width * layer,
              HEIGHT * (1 - sparsity),
              width,
              HEIGHT * sparsity,
              layer,
              100 * sparsity,
              label(sparsity, width, layer),
              width * (layer + 0.5),
              HEIGHT + 16,
              layer));
    }
    return String.format(
        Locale.ROOT,
        """
        <svg viewBox="0 -14 %1$.0f %2$.0f" role="img" aria-label="sparsity by layer">
        <line class="grid" x1="0" x2="%1$.0f" y1="0" y2="0"/><line class="grid" x1="0" x2="%1$.0f" y1="%3$.0f" y2="%3$.0f"/>
        %4$s<text x="%1$.0f" y="-3" text-anchor="end">100%% skipped</text>
        </svg>
        """,
        TimeAxis.WIDTH,
        HEIGHT + 36,
        HEIGHT,
        columns);
  }

  /** The number above a column that is wide enough for it. */
  private static String label(double sparsity, double width, int layer) {
    if (width < LEAST_LABEL_WIDTH) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f%%</text>",
        width * (layer + 0.5),
        HEIGHT * (1 - sparsity) - 4,
        100 * sparsity);
  }
}
