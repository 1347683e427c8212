/** Checkpoints of published sizes with random weights, for benchmarks and load tests. */
package org.reelspark.jobs.randomcheckpoint;
