/**
 * The functions as the RAPIDS accelerator calls them, with columns in GPU memory: the only room
 * that knows RAPIDS. Its public types load without it.
 */
package org.reelspark.spark.rapids;
