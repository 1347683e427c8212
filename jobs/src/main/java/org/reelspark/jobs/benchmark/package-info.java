/** Measures speed on the machine at hand and writes the tables under {@code docs/benchmarks}. */
package org.reelspark.jobs.benchmark;
