package org.reelspark.model.wan;

import java.util.ArrayDeque;
import java.util.Deque;

/** Parts of a model that are freed together, last first, also when loading stops halfway. */
final class LoadedParts implements AutoCloseable {
  private final Deque<Runnable> frees = new ArrayDeque<>();

  /**
   * @param free how the part that was just loaded is freed
   */
  void add(Runnable free) {
    frees.push(free);
  }

  @Override
  public void close() {
    while (!frees.isEmpty()) {
      frees.pop().run();
    }
  }
}
