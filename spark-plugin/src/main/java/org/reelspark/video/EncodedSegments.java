package org.reelspark.video;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.reelspark.error.ReelsparkException;
import org.reelspark.video.EncodedSegment.Range;

/** All segments of a video, encoded at the same time, on as many processors as there are. */
final class EncodedSegments implements AutoCloseable {
  private final List<EncodedSegment> segments;

  private EncodedSegments(List<EncodedSegment> segments) {
    this.segments = segments;
  }

  /**
   * @param flags of FFmpeg for each encoder
   */
  static EncodedSegments encode(
      Frames frames, AVRational framesPerSecond, EncodingRecipe recipe, int flags) {
    List<Range> ranges = Range.split(frames.count(), recipe.picturesInASegment());
    ThreadPoolExecutor encoders = encoders(ranges.size());
    try {
      // Fails, where there are too many threads, while nothing reads the pictures yet.
      encoders.prestartAllCoreThreads();
      return finished(
          ranges.stream()
              .map(
                  range ->
                      CompletableFuture.supplyAsync(
                          () ->
                              EncodedSegment.encode(frames, range, framesPerSecond, recipe, flags),
                          encoders))
              .toList());
    } finally {
      encoders.shutdown();
    }
  }

  private static ThreadPoolExecutor encoders(int segments) {
    int threads = Math.min(segments, Runtime.getRuntime().availableProcessors());
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(),
        task -> {
          Thread thread = new Thread(task, "reelspark-encoder");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Waits for all of them whatever happens, because they read memory that the caller frees. */
  private static EncodedSegments finished(List<CompletableFuture<EncodedSegment>> encodings) {
    try {
      CompletableFuture.allOf(encodings.toArray(CompletableFuture[]::new)).join();
    } catch (CompletionException e) {
      encodings.stream()
          .filter(encoding -> !encoding.isCompletedExceptionally())
          .forEach(encoding -> encoding.join().close());
      if (e.getCause() instanceof Error error) {
        throw error; // Out of memory is for the caller to handle.
      }
      throw e.getCause() instanceof ReelsparkException cause ? cause : e;
    }
    return new EncodedSegments(encodings.stream().map(CompletableFuture::join).toList());
  }

  /** Writes the header and all packets. */
  void writeTo(FileMuxer muxer) {
    muxer.writeHeader(segments.get(0).encoder());
    segments.forEach(segment -> segment.writeTo(muxer));
  }

  @Override
  public void close() {
    segments.forEach(EncodedSegment::close);
  }
}
