package org.reelspark.generate;

import java.util.Optional;
import java.util.function.Supplier;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationSettings.ErrorPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way from inputs to videos. A request at fault becomes a FAILED result and the others go
 * on; a passing failure is tried again; a fault of the set-up is thrown.
 *
 * <p>Several runners, each on its own thread, may share one model: they take turns for the stages
 * that need it, and encode and write while another has the model.
 */
public final class GenerationRunner {
  private static final Logger LOG = LoggerFactory.getLogger(GenerationRunner.class);

  private final GenerationPlanner planner;
  private final VideoRenderer renderer;
  private final VideoOutput output;
  private final GenerationSettings settings;
  private final GenerationListener listener;
  private final Cancellation cancellation;

  public GenerationRunner(
      SharedModel model,
      VideoOutput output,
      GenerationSettings settings,
      GenerationListener listener,
      Cancellation cancellation) {
    this.planner = new GenerationPlanner(model, output, settings);
    this.renderer = new VideoRenderer(model, output, listener, cancellation);
    this.output = output;
    this.settings = settings;
    this.listener = listener;
    this.cancellation = cancellation;
  }

  /**
   * Makes one video.
   *
   * @throws ReelsparkException for a fault of the set-up, on cancellation, and under {@link
   *     ErrorPolicy#FAIL} for any error
   */
  public GenerationResult generate(GenerationInput input) {
    cancellation.check();
    Progress progress = new Progress();
    GenerationResult result;
    try {
      result = attempt(input, progress);
    } catch (ReelsparkException e) {
      result = failed(e, progress);
    } catch (OutOfMemoryError e) {
      result = failed(outOfMemory(e), progress);
    } catch (RuntimeException e) {
      cancellation.check();
      LOG.error("Request failed unexpectedly", e);
      result =
          failed(
              new ReelsparkException(
                  ErrorCode.INTERNAL, "unexpected %s; the log has its stack trace".formatted(e), e),
              progress);
    }
    listener.finished(result);
    return result;
  }

  private GenerationResult attempt(GenerationInput input, Progress progress) {
    PlannedGeneration plan = planner.plan(input);
    progress.plan = Optional.of(plan);
    if (plan.finished().isPresent()) {
      return progress.result(GenerationStatus.SKIPPED, plan.finished(), Optional.empty());
    }
    output.prepare();
    progress.attempts = 1;
    listener.started(plan);
    EncodedVideo encoded = retrying(progress, () -> renderer.render(plan));
    FinishedVideo finished = retrying(progress, () -> output.save(encoded));
    return progress.result(GenerationStatus.GENERATED, Optional.of(finished), Optional.empty());
  }

  /** Runs one stage, again after a passing failure while the request has attempts left. */
  private <T> T retrying(Progress progress, Supplier<T> stage) {
    while (true) {
      try {
        return stage.get();
      } catch (ReelsparkException e) {
        retryOrThrow(e, progress);
      } catch (OutOfMemoryError e) {
        retryOrThrow(outOfMemory(e), progress);
      }
    }
  }

  private void retryOrThrow(ReelsparkException failure, Progress progress) {
    cancellation.check();
    if (failure.errorClass() != ErrorClass.RETRYABLE
        || progress.attempts == settings.maxAttempts()) {
      throw failure;
    }
    progress.attempts++;
    LOG.warn(
        "Attempt {} of {} after: {}",
        progress.attempts,
        settings.maxAttempts(),
        failure.getMessage());
    listener.retrying(GenerationError.of(failure), progress.attempts);
  }

  private GenerationResult failed(ReelsparkException failure, Progress progress) {
    cancellation.check();
    boolean belongsToRow =
        switch (failure.errorClass()) {
          case ROW, RETRYABLE -> failure.code() != ErrorCode.CANCELLED;
          case FATAL_GPU, CONFIG -> false;
        };
    if (!belongsToRow || settings.errorPolicy() == ErrorPolicy.FAIL) {
      throw failure;
    }
    LOG.debug("Request failed", failure);
    return progress.result(
        GenerationStatus.FAILED, Optional.empty(), Optional.of(GenerationError.of(failure)));
  }

  private static ReelsparkException outOfMemory(OutOfMemoryError error) {
    return new ReelsparkException(
        ErrorCode.OUT_OF_MEMORY,
        "the JVM is out of memory (%s); give the executor more, or choose a smaller size"
            .formatted(error.getMessage()),
        error);
  }

  /** What is known of a request so far. */
  private static final class Progress {
    private Optional<PlannedGeneration> plan = Optional.empty();
    private int attempts;

    GenerationResult result(
        GenerationStatus status, Optional<FinishedVideo> video, Optional<GenerationError> error) {
      return new GenerationResult(
          status,
          plan.map(PlannedGeneration::request),
          plan.map(PlannedGeneration::key),
          video,
          error,
          attempts);
    }
  }
}
