package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the digests of large files in the user's cache directory, because hashing tens of
 * gigabytes takes minutes and a checkpoint's own directory may be read-only. A file is known by its
 * real path, size and modification time. Where the cache cannot be read or written, digests are
 * computed again.
 */
final class DigestCache {
  /** Hashes one file. */
  @FunctionalInterface
  interface Hash {
    String of(Path file) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(DigestCache.class);
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final long LARGE_FILE_BYTES = 256L << 20;

  private final Path directory;
  private final long smallestCached;

  /**
   * @param smallestCached bytes from which a file's digest is remembered
   */
  DigestCache(Path directory, long smallestCached) {
    this.directory = directory;
    this.smallestCached = smallestCached;
  }

  /** {@code $XDG_CACHE_HOME/reelspark/digests}, else below {@code ~/.cache}. */
  static DigestCache ofUser() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path caches =
        configured == null || configured.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    return new DigestCache(caches.resolve("reelspark").resolve("digests"), LARGE_FILE_BYTES);
  }

  String get(Path file, Hash hash) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (attributes.size() < smallestCached) {
      return hash.of(file);
    }
    Path entry = directory.resolve(key(file, attributes));
    Optional<String> known = read(entry);
    if (known.isPresent()) {
      return known.get();
    }
    LOG.info("Computing the digest of {} ({} MB)", file, attributes.size() / 1_000_000);
    String digest = hash.of(file);
    write(entry, digest);
    return digest;
  }

  private static String key(Path file, BasicFileAttributes attributes) throws IOException {
    long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    String identity = file.toRealPath() + "\n" + attributes.size() + "\n" + modified;
    byte[] key = ModelDigest.sha256().digest(identity.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(key);
  }

  private static Optional<String> read(Path entry) {
    try {
      return Optional.of(Files.readString(entry).strip())
          .filter(digest -> DIGEST.matcher(digest).matches());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void write(Path entry, String digest) {
    try {
      Files.createDirectories(directory);
      Path unfinished = Files.createTempFile(directory, "digest", ".tmp");
      Files.writeString(unfinished, digest);
      Files.move(unfinished, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.debug("Cannot remember a digest in {}", directory, e);
    }
  }
}
