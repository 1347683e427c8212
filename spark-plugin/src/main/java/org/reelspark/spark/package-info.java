/**
 * Spark's side of Reelspark: the plugin, its configuration, the SQL functions and the Dataset API.
 * The only room that knows Spark.
 */
package org.reelspark.spark;
