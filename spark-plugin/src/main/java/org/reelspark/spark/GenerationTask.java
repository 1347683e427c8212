package org.reelspark.spark;

import org.reelspark.generate.Cancellation;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationRunner;
import org.reelspark.generate.GenerationSettings;

/** A runner on this executor's model, for as long as the lease is held. */
final class GenerationTask implements AutoCloseable {
  private final DeviceRuntime.Lease lease;
  private final GenerationRunner runner;

  private GenerationTask(DeviceRuntime.Lease lease, GenerationRunner runner) {
    this.lease = lease;
    this.runner = runner;
  }

  static GenerationTask start(
      ReelsparkConf conf, GenerationSettings settings, GenerationListener listener) {
    Cancellation cancellation = TaskCancellation.current();
    DeviceRuntime.Lease lease = ExecutorRuntime.instance().lease(conf, cancellation);
    try {
      GenerationRunner runner =
          new GenerationRunner(
              lease.model(),
              VideoOutputs.open(conf, lease.model().description()),
              settings,
              ExecutorFigures.instance().counting(listener),
              cancellation);
      return new GenerationTask(lease, runner);
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  GenerationRunner runner() {
    return runner;
  }

  @Override
  public void close() {
    lease.close();
  }
}
