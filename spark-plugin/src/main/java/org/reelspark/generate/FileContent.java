package org.reelspark.generate;

import java.io.IOException;
import java.io.OutputStream;

/** What goes into a file, which need not be in memory in one piece. */
public interface FileContent {
  long byteSize();

  /** Writes all of it; leaves the stream open. */
  void writeTo(OutputStream out) throws IOException;

  static FileContent of(byte[] bytes) {
    return new FileContent() {
      @Override
      public long byteSize() {
        return bytes.length;
      }

      @Override
      public void writeTo(OutputStream out) throws IOException {
        out.write(bytes);
      }
    };
  }
}
