package org.reelspark.generate;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints of one video as two files of an output directory, written in turn: whatever happens
 * while one is written, the other is whole.
 *
 * <p>Files are written on a thread of their own, one at a time, so that the device goes on
 * meanwhile.
 */
final class StoredCheckpoints implements StepCheckpoints {
  private static final Logger LOG = LoggerFactory.getLogger(StoredCheckpoints.class);

  private final OutputStore files;
  private final String key;
  private final int interval;
  private final List<String> paths;

  /** Which of the paths the next checkpoint goes to. */
  private int turn;

  /** Steps of the checkpoint that was found last. */
  private int stepsFound;

  /** The one at work, if it has not been waited for. */
  private Optional<Thread> writer = Optional.empty();

  /**
   * @param interval steps between two checkpoints of a video; 0 for none
   */
  StoredCheckpoints(OutputStore files, String key, int interval) {
    this.files = files;
    this.key = key;
    this.interval = interval;
    this.paths = List.of(path(key, 0), path(key, 1));
  }

  private static String path(String key, int turn) {
    return "%s/%s.%d".formatted(VideoStore.CHECKPOINT_DIRECTORY, key, turn);
  }

  @Override
  public Optional<DenoiseState> find() {
    if (interval == 0) {
      return Optional.empty();
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int index = 0; index < paths.size(); index++) {
      candidate(index).ifPresent(candidates::add);
    }
    candidates.sort(Comparator.comparingInt(Candidate::stepsDone).reversed());
    for (Candidate candidate : candidates) {
      Optional<DenoiseState> state = read(paths.get(candidate.index()));
      if (state.isPresent()) {
        turn = 1 - candidate.index();
        stepsFound = candidate.stepsDone();
        return state;
      }
    }
    return Optional.empty();
  }

  /** A file that may hold a checkpoint of so many steps. */
  private record Candidate(int index, int stepsDone) {}

  /** Reads the beginning of a file only: two states at once would be large. */
  private Optional<Candidate> candidate(int index) {
    try {
      Optional<InputStream> file = files.open(paths.get(index));
      if (file.isEmpty()) {
        return Optional.empty();
      }
      try (InputStream in = new BufferedInputStream(file.get())) {
        return Optional.of(new Candidate(index, CheckpointFormat.stepsDone(key, in).orElse(0)));
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // Reading it as a whole tells what is wrong.
      return Optional.of(new Candidate(index, 0));
    }
  }

  private Optional<DenoiseState> read(String path) {
    Optional<DenoiseState> state = Optional.empty();
    String problem = "damaged";
    try (InputStream in =
        new BufferedInputStream(files.open(path).orElseGet(InputStream::nullInputStream))) {
      state = CheckpointFormat.decode(key, in);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      problem = e.toString();
    }
    if (state.isEmpty()) {
      LOG.warn("Going on without the checkpoint {}: {}", files.uri(path), problem);
    }
    return state;
  }

  @Override
  public boolean isDue(int stepsDone, int steps) {
    return interval > 0 && stepsDone % interval == 0 && stepsDone < steps;
  }

  @Override
  public void save(Supplier<DenoiseState> running) {
    // One state at a time: they are large.
    awaitWriter();
    if (writer.isPresent()) {
      return;
    }
    try {
      DenoiseState state = running.get();
      Thread thread = new Thread(() -> write(state), "reelspark-checkpoint");
      thread.setDaemon(true);
      thread.start();
      writer = Optional.of(thread);
    } catch (OutOfMemoryError e) {
      LOG.warn("Going on without a checkpoint, for want of memory: {}", e.toString());
    } catch (ReelsparkException e) {
      if (e.code() != ErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
      LOG.warn("Going on without a checkpoint: {}", e.getMessage());
    }
  }

  /** Lets nothing pass: on executors, Spark takes what a thread ends with for the end of all. */
  private void write(DenoiseState state) {
    try {
      if (state.stepsDone() <= stepsFound) {
        // The run could not go on from what was found, and would not find its own behind it.
        delete();
        stepsFound = 0;
      }
      files.write(paths.get(turn), CheckpointFormat.content(key, state));
      turn = 1 - turn;
    } catch (ReelsparkException e) {
      LOG.warn("Going on without a checkpoint: {}", e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.warn("Going on without a checkpoint", e);
    }
  }

  /** Ends early when the thread is interrupted. */
  private void awaitWriter() {
    try {
      if (writer.isPresent()) {
        writer.get().join();
        writer = Optional.empty();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    awaitWriter();
  }

  /** Drops what is kept, once the video is finished. */
  void remove() {
    if (interval > 0) {
      try {
        delete();
      } catch (ReelsparkException e) {
        LOG.warn("A checkpoint that nobody needs stays: {}", e.getMessage());
      }
    }
  }

  private void delete() {
    paths.forEach(files::delete);
  }
}
