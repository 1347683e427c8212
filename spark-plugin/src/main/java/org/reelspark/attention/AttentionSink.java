package org.reelspark.attention;

/** Whether the first key block is attended by every query. */
public enum AttentionSink {
  NONE,
  FIRST_BLOCK
}
