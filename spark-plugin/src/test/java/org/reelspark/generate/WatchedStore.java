package org.reelspark.generate;

import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/** Another store, whose reads and writes a test takes part in. */
record WatchedStore(OutputStore store, Runnable beforeOpen, Writer writer) implements OutputStore {
  /** Writes by {@code write}, or not. */
  @FunctionalInterface
  interface Writer {
    void write(String path, Runnable write);
  }

  @Override
  public String uri(String path) {
    return store.uri(path);
  }

  @Override
  public Optional<byte[]> read(String path) {
    return store.read(path);
  }

  @Override
  public Optional<InputStream> open(String path) {
    beforeOpen.run();
    return store.open(path);
  }

  @Override
  public OptionalLong byteSize(String path) {
    return store.byteSize(path);
  }

  @Override
  public void write(String path, FileContent content) {
    writer.write(path, () -> store.write(path, content));
  }

  @Override
  public void delete(String path) {
    store.delete(path);
  }
}
