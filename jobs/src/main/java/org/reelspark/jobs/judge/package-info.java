/** Judges clips of the sample model automatically, for tests and benchmarks. */
package org.reelspark.jobs.judge;
