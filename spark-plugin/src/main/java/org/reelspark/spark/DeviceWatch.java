package org.reelspark.spark;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.reelspark.error.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the executors' messages on the driver: admits, quarantines, stops hopeless jobs. */
final class DeviceWatch extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceWatch.class);

  private final DeviceRegistry registry;
  private final JobStopper stopper;

  private DeviceWatch(DeviceRegistry registry, JobStopper stopper) {
    this.registry = registry;
    this.stopper = stopper;
  }

  static DeviceWatch start(SparkContext context, ReelsparkConf conf) {
    JobStopper stopper = new JobStopper(context);
    DeviceWatch watch =
        new DeviceWatch(
            new DeviceRegistry(
                conf.value(ReelsparkConf.MAX_DEVICE_FAILURES),
                conf.value(ReelsparkConf.MAX_START_FAILURES)),
            stopper);
    context.addSparkListener(stopper);
    context.addSparkListener(watch);
    return watch;
  }

  /** Returns {@link DeviceMessage#GRANTED}, or why the executor must leave. */
  String receive(DeviceMessage message) {
    if (message instanceof DeviceMessage.Opened opened) {
      return registry
          .opened(opened.executorId(), opened.device())
          .orElseGet(() -> admitted(opened));
    }
    if (message instanceof DeviceMessage.StartFailed failed) {
      LOG.warn(
          "Executor {} on {} cannot start its device: {}",
          failed.executorId(),
          failed.host(),
          failed.cause());
      registry.startFailed(failed.host(), failed.cause()).ifPresent(this::stop);
    }
    if (message instanceof DeviceMessage.Failed failed) {
      int failures = registry.failed(failed.executorId(), failed.device(), failed.cause());
      LOG.error(
          "Device {} of executor {} failed ({} so far): {}",
          failed.device(),
          failed.executorId(),
          failures,
          failed.cause());
    }
    return DeviceMessage.GRANTED;
  }

  private String admitted(DeviceMessage.Opened opened) {
    stopper.resume();
    LOG.info("Executor {} computes with {}", opened.executorId(), opened.device());
    return DeviceMessage.GRANTED;
  }

  private void stop(String cause) {
    String reason = SetupFaults.remember(ErrorCode.BACKEND_UNAVAILABLE, cause);
    LOG.error("Cancelling all jobs: {}", reason);
    stopper.stop(reason);
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
    registry.removed(event.executorId());
  }
}
