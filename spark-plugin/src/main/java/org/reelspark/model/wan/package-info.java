/**
 * The Wan family: the diffusion transformer, its sampler loop, and the video decoder, written over
 * the operations of a backend.
 */
package org.reelspark.model.wan;
