/**
 * Turns requests into finished videos: options, content keys, output layout, and the one runner
 * that every entry point shares. Knows models and backends only through their interfaces, and
 * nothing of Spark.
 */
package org.reelspark.generate;
