package org.reelspark.spark;

import java.nio.file.Path;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
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
    return VideoModels.load(Path.of(directory), backend);
  }
}
