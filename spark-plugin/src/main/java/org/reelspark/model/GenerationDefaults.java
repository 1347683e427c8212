package org.reelspark.model;

/**
 * Settings for what a request leaves out, from {@code generation_defaults.json} or the family's
 * own.
 *
 * @param steps sampler steps
 * @param guidanceScale at most 1 means no guidance
 * @param framesPerSecond of the finished video
 */
public record GenerationDefaults(
    int width, int height, int frames, int steps, float guidanceScale, double framesPerSecond) {}
