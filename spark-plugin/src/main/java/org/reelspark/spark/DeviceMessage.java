package org.reelspark.spark;

import java.io.Serializable;

/** What executors tell the driver about their devices. */
sealed interface DeviceMessage extends Serializable {
  /**
   * The answer to every message but a refused {@link Opened}, which is answered by the reason.
   * Answers are plain strings because an executor that received our jar by {@code --jars} cannot
   * read our classes from the wire.
   */
  String GRANTED = "";

  /** An executor holds its device and asks whether it may take tasks. */
  record Opened(String executorId, String device) implements DeviceMessage {}

  /** An executor cannot start its device and leaves. */
  record StartFailed(String executorId, String host, String cause) implements DeviceMessage {}

  /** A device failed beyond repair in this process; its executor leaves. */
  record Failed(String executorId, String device, String cause) implements DeviceMessage {}
}
