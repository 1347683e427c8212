package org.reelspark.spark;

import java.io.Serializable;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * An executor tells the driver that no attempt at a task of a stage can succeed.
 *
 * @param code of class CONFIG
 */
record SetupFault(int stage, ErrorCode code, String message) implements Serializable {
  static SetupFault of(int stage, ReelsparkException failure) {
    return new SetupFault(stage, failure.code(), failure.getMessage());
  }
}
