package org.reelspark.jobs.judge;

/** What the pictures of a clip show. */
public record Observation(
    Colour colour, Outline outline, Direction direction, Background background) {}
