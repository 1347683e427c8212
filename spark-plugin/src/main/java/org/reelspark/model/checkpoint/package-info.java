/**
 * Reads checkpoints in diffusers layout: a directory with {@code model_index.json} and one
 * directory per component. Files are untrusted: every length, offset and name is checked before
 * use.
 */
package org.reelspark.model.checkpoint;
