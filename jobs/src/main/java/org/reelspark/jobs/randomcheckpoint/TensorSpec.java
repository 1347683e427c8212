package org.reelspark.jobs.randomcheckpoint;

import org.reelspark.tensor.Shape;

/**
 * A tensor of a checkpoint.
 *
 * @param name as diffusers or transformers names it
 * @param values what fills it
 */
record TensorSpec(String name, Shape shape, Values values) {}
