package org.reelspark.generate;

import java.util.Optional;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checkpoints as files of an output directory, named by the keys of their videos. */
final class StoredCheckpoints implements StepCheckpoints {
  private static final Logger LOG = LoggerFactory.getLogger(StoredCheckpoints.class);

  private final OutputStore files;
  private final int interval;

  /**
   * @param interval steps between two checkpoints of a video; 0 for none
   */
  StoredCheckpoints(OutputStore files, int interval) {
    this.files = files;
    this.interval = interval;
  }

  @Override
  public Optional<DenoiseState> find(String key) {
    if (interval == 0) {
      return Optional.empty();
    }
    try {
      return files.read(path(key)).flatMap(content -> decode(key, content));
    } catch (ReelsparkException e) {
      LOG.warn("Starting a video anew: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<DenoiseState> decode(String key, byte[] content) {
    Optional<DenoiseState> state = CheckpointFormat.decode(key, content);
    if (state.isEmpty()) {
      LOG.warn("{} is damaged; starting its video anew", files.uri(path(key)));
    }
    return state;
  }

  @Override
  public boolean isDue(int stepsDone, int steps) {
    return interval > 0 && stepsDone % interval == 0 && stepsDone < steps;
  }

  @Override
  public void save(String key, DenoiseState state) {
    try {
      files.write(path(key), CheckpointFormat.encode(key, state));
    } catch (ReelsparkException e) {
      LOG.warn("Going on without a checkpoint: {}", e.getMessage());
    }
  }

  /** Drops what is kept of a key, once its video is finished. */
  void remove(String key) {
    if (interval > 0) {
      try {
        files.delete(path(key));
      } catch (ReelsparkException e) {
        LOG.warn("A checkpoint that nobody needs stays: {}", e.getMessage());
      }
    }
  }

  private static String path(String key) {
    return VideoStore.CHECKPOINT_DIRECTORY + "/" + key;
  }
}
