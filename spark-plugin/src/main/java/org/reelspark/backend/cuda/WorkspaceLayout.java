package org.reelspark.backend.cuda;

/** Places sections of memory one after the other, each 256-byte aligned. */
final class WorkspaceLayout {
  private static final long ALIGNMENT = 256;

  private long end;

  /** Offset of a new section. */
  long add(long byteSize) {
    long offset = end;
    end = Math.addExact(offset, byteSize + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return offset;
  }

  long byteSize() {
    return end;
  }
}
