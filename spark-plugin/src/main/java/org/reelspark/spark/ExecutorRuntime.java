package org.reelspark.spark;

/** The runtime of this JVM: one backend and one model for all tasks of an executor. */
final class ExecutorRuntime {
  private static final DeviceRuntime INSTANCE =
      new DeviceRuntime(
          conf -> {
            throw new IllegalStateException();
          },
          (directory, backend) -> {
            throw new IllegalStateException();
          });

  private ExecutorRuntime() {}

  static DeviceRuntime instance() {
    return INSTANCE;
  }
}
