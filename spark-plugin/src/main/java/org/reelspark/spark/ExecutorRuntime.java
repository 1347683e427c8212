package org.reelspark.spark;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;

/** The runtime of this JVM: one backend and one model for all tasks of an executor. */
final class ExecutorRuntime {
  /** For sessions that have the SQL functions without the plugin. */
  private static final ExecutorDevice UNPINNED =
      new ExecutorDevice("the CPU, unpinned", Optional.empty());

  private static final DeviceRuntime INSTANCE =
      new DeviceRuntime(ExecutorRuntime::createBackend, ExecutorRuntime::loadModel);

  private static volatile ExecutorDevice device = UNPINNED;

  private ExecutorRuntime() {}

  static DeviceRuntime instance() {
    return INSTANCE;
  }

  /** What this executor computes with. */
  static ExecutorDevice device() {
    return device;
  }

  /**
   * Takes the executor's device, and has a GPU ready at once so that a failure shows now.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE
   */
  static void start(ExecutorDevice opened, ReelsparkConf conf) {
    device = opened;
    if (opened.gpu().isPresent()) {
      INSTANCE.startBackend(conf);
    }
  }

  /** Frees model, backend and device. */
  static void close() {
    INSTANCE.close();
    device.close();
    device = UNPINNED;
  }

  private static Backend createBackend(ReelsparkConf conf) {
    return device().createBackend(conf);
  }

  private static VideoModel loadModel(String directory, Backend backend) {
    return VideoModels.load(localPath(directory), backend);
  }

  private static Path localPath(String directory) {
    try {
      URI uri = new org.apache.hadoop.fs.Path(directory).toUri();
      if (uri.getScheme() == null || uri.getScheme().equals("file")) {
        return Path.of(uri.getPath());
      }
    } catch (IllegalArgumentException e) {
      throw notLocal(directory, e);
    }
    throw notLocal(directory, null);
  }

  private static ReelsparkException notLocal(String directory, Exception cause) {
    return new ReelsparkException(
        ErrorCode.INVALID_CONFIGURATION,
        "%s is '%s', which is no local path; copy the model to a directory that every executor can read and name that"
            .formatted(ReelsparkConf.MODEL_DIRECTORY.key(), directory),
        cause);
  }
}
