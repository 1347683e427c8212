package org.reelspark.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the driver knows of the executors' devices: which are in use, which fail again and again,
 * and whether any executor can start at all. Spark's own exclusion knows executors and hosts, but
 * not GPUs, and Spark standalone starts executors anew without limit when they fail to start.
 */
final class DeviceRegistry {
  private final int maxDeviceFailures;
  private final int maxStartFailures;
  private final Set<String> runningExecutors = new HashSet<>();
  private final Map<String, List<String>> failuresByDevice = new HashMap<>();
  private int startFailures;

  DeviceRegistry(int maxDeviceFailures, int maxStartFailures) {
    this.maxDeviceFailures = maxDeviceFailures;
    this.maxStartFailures = maxStartFailures;
  }

  /** Admits an executor, or returns why it must leave. */
  synchronized Optional<String> opened(String executorId, String device) {
    List<String> failures = failuresByDevice.getOrDefault(device, List.of());
    if (failures.size() >= maxDeviceFailures) {
      return Optional.of(
          "device %s is quarantined after %d fatal failures, the last: %s; look at the machine (nvidia-smi, Xid errors in the kernel log)"
              .formatted(device, failures.size(), failures.get(failures.size() - 1)));
    }
    runningExecutors.add(executorId);
    startFailures = 0;
    return Optional.empty();
  }

  /** Counts a fatal failure, and returns how many the device has had. */
  synchronized int failed(String executorId, String device, String cause) {
    runningExecutors.remove(executorId);
    List<String> failures = failuresByDevice.computeIfAbsent(device, name -> new ArrayList<>());
    failures.add(cause);
    return failures.size();
  }

  /** Counts an executor that did not start; when jobs cannot go on, returns why. */
  synchronized Optional<String> startFailed(String host, String cause) {
    startFailures++;
    if (startFailures < maxStartFailures || !runningExecutors.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "%d executors in a row could not start their device, and none runs; the last, on %s: %s"
            .formatted(startFailures, host, cause));
  }

  synchronized void removed(String executorId) {
    runningExecutors.remove(executorId);
  }
}
