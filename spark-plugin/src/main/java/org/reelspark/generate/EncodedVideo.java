package org.reelspark.generate;

/**
 * A video on its way to the output.
 *
 * @param key content key of the request
 * @param file the video file
 * @param preview PNG with some of the frames
 * @param cachedRuns see {@link FinishedVideo}
 * @param arithmetic what the model's backend computed with
 * @param timings without the time to write
 */
@SuppressWarnings("ArrayRecordComponent") // carried once, never compared
public record EncodedVideo(
    String key,
    GenerationRequest request,
    byte[] file,
    byte[] preview,
    int tokens,
    double sparsity,
    int cachedRuns,
    String arithmetic,
    StageTimings timings) {}
