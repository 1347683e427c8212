package org.reelspark.spark;

import java.net.URI;
import java.nio.file.Path;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;

/** The runtime of this JVM: one backend and one model for all tasks of an executor. */
final class ExecutorRuntime {
  private static final DeviceRuntime INSTANCE =
      new DeviceRuntime(ExecutorRuntime::createBackend, ExecutorRuntime::loadModel);

  private ExecutorRuntime() {}

  static DeviceRuntime instance() {
    return INSTANCE;
  }

  private static Backend createBackend(ReelsparkConf conf) {
    int threads = conf.value(ReelsparkConf.CPU_THREADS);
    return CpuBackend.create(threads == 0 ? CpuOptions.allProcessors() : new CpuOptions(threads));
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
