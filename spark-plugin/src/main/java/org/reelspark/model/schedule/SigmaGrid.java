package org.reelspark.model.schedule;

/**
 * How UniPC spaces its unshifted noise levels. The two differ by one interval over the whole range,
 * and a checkpoint gives its best videos on the grid that it was tuned with.
 */
public enum SigmaGrid {
  /** Of diffusers from 0.37: starts at 1. */
  FROM_ONE,
  /** Of diffusers up to 0.36 and of Wan's own code: starts just below 1. */
  BELOW_ONE
}
