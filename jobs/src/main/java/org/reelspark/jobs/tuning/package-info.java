/** Finding the sparse attention profile of a model on calibration prompts. */
package org.reelspark.jobs.tuning;
