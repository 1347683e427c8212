package org.reelspark.error;

/** What the system does about an error. */
public enum ErrorClass {
  /** One request is at fault: its row carries the error, the job goes on. */
  ROW,
  /** A passing condition such as memory or input/output: the request is tried again. */
  RETRYABLE,
  /** The device is in doubt: it is probed, quarantined, and its executor leaves. */
  FATAL_GPU,
  /** The set-up is at fault: the job stops at once and names the cause and the remedy. */
  CONFIG
}
