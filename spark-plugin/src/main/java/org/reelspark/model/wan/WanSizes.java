package org.reelspark.model.wan;

import org.reelspark.attention.Grid;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.VideoGeometry;

/**
 * Which video sizes a model can make.
 *
 * @param spatialFactor pixels along one side of a latent
 * @param temporalFactor frames of a latent, except the first, which is one frame
 * @param maxPositions largest number of tokens along one axis
 */
record WanSizes(
    Patch patch, int latentChannels, int spatialFactor, int temporalFactor, int maxPositions) {

  /**
   * @throws ReelsparkException INVALID_SIZE
   */
  VideoGeometry geometry(int width, int height, int frames) {
    int columns = tokens("width", width, spatialFactor * patch.width(), 0);
    int rows = tokens("height", height, spatialFactor * patch.height(), 0);
    // n latent frames give 1 + temporalFactor * (n - 1) frames.
    int layers = tokens("frames", frames, temporalFactor * patch.frames(), temporalFactor - 1);
    return new VideoGeometry(
        width,
        height,
        frames,
        latentChannels,
        layers * patch.frames(),
        rows * patch.height(),
        columns * patch.width(),
        new Grid(layers, rows, columns));
  }

  /** Tokens along an axis of which n tokens give {@code unit * n - missing} pixels or frames. */
  private int tokens(String name, int size, int unit, int missing) {
    long padded = (long) size + missing;
    long count = Math.min(Math.max(padded / unit, 1), maxPositions);
    if (padded == count * unit) {
      return (int) count;
    }
    long lower = count * unit - missing;
    boolean between = lower < size && count < maxPositions;
    String nearest = between ? "%d and %d".formatted(lower, lower + unit) : String.valueOf(lower);
    throw new ReelsparkException(
        ErrorCode.INVALID_SIZE,
        "%s %d is not possible; this model makes %d to %d in steps of %d, nearest to yours: %s"
            .formatted(
                name, size, unit - missing, (long) unit * maxPositions - missing, unit, nearest));
  }
}
