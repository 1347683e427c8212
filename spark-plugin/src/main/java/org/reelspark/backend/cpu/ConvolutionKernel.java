package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;

/**
 * One convolution, ready to multiply padded tiles by its weights. Each input frame is added to all
 * output frames that it reaches: itself and some later ones. Shared by all workers.
 */
interface ConvolutionKernel {
  /** Frames after its own that an input frame reaches. */
  int laterFrames();

  /** What one worker computes its tile in. */
  Workspace workspace(Worker worker, ConvolutionBuffers buffers);

  /** The padded input frame and the sums of one tile. */
  interface Workspace {
    /** Receives an input frame, laid out as the {@link PaddedTile} says. */
    FloatBuffer padded();

    /** Sets the sums of an output frame to the bias; takes the place of a frame that is done. */
    void start(int frame);

    /**
     * Adds the products of the padded input frame.
     *
     * @param frame place of the input frame in time; may be negative
     */
    void add(int frame, PictureTiles.Tile tile);

    FloatBuffer sums();

    /** Index of the sums of the tile's first pixel in an output frame. */
    int sumOffset(int frame);

    /** Elements from one row of sums to the next. */
    int sumRowStride();

    /** Elements from one pixel of sums to the next. */
    int sumStride();
  }
}
