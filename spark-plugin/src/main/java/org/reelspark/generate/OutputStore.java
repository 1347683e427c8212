package org.reelspark.generate;

import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A directory of small files on some file system. Paths are relative, with {@code /} between their
 * parts.
 */
public interface OutputStore {
  /** Absolute URI of a path. */
  String uri(String path);

  /**
   * Content of a file, or nothing when it does not exist.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED
   */
  Optional<byte[]> read(String path);

  /**
   * Opens a file, or nothing when it does not exist; the caller closes it.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED
   */
  Optional<InputStream> open(String path);

  /**
   * Size of a file in bytes, or nothing when it does not exist.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED
   */
  OptionalLong byteSize(String path);

  /**
   * Creates or replaces a file atomically: a reader sees the whole content or what was there
   * before. Makes missing directories.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_UNWRITABLE when trying again cannot help
   *     (no permission, no space), else OUTPUT_FAILED
   */
  void write(String path, FileContent content);

  /** As {@link #write(String, FileContent)}. */
  default void write(String path, byte[] content) {
    write(path, FileContent.of(content));
  }

  /**
   * Deletes a file, if it exists.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED
   */
  void delete(String path);
}
