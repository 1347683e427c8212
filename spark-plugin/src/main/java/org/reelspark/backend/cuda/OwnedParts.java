package org.reelspark.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** Parts that are closed together, the youngest first, whatever one of them throws. */
final class OwnedParts implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  <T extends AutoCloseable> T own(T part) {
    parts.push(part);
    return part;
  }

  /** Closes all. Of several exceptions the first is thrown, with the others suppressed in it. */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("closing what a GPU backend owns", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
