package org.reelspark.generate;

/** Where the bytes of a finished video are. */
public sealed interface VideoContent {
  /**
   * A file in the output.
   *
   * @param uri absolute
   */
  record Stored(String uri, long byteSize) implements VideoContent {}

  /** The file's content itself. */
  @SuppressWarnings("ArrayRecordComponent") // carried once, never compared
  record Inline(byte[] bytes) implements VideoContent {
    @Override
    public long byteSize() {
      return bytes.length;
    }
  }

  long byteSize();
}
