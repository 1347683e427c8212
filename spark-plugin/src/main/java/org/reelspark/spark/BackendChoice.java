package org.reelspark.spark;

/** What an executor computes with. */
enum BackendChoice {
  /** All cores that the executor may use. */
  CPU,
  /** The one GPU that Spark assigned to the executor. */
  CUDA
}
