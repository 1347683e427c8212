package org.reelspark.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.VideoStore;

/** The directory of a job's results, on any file system that Spark can write. */
final class OutputDirectory {
  private final FileSystem fileSystem;
  private final Path root;

  private OutputDirectory(FileSystem fileSystem, Path root) {
    this.fileSystem = fileSystem;
    this.root = root;
  }

  /**
   * @throws ReelsparkException OUTPUT_UNWRITABLE when no file system knows the path
   */
  static OutputDirectory of(String directory, Configuration configuration) {
    try {
      Path path = new Path(directory);
      FileSystem fileSystem = path.getFileSystem(configuration);
      return new OutputDirectory(fileSystem, fileSystem.makeQualified(path));
    } catch (IOException | RuntimeException e) {
      // Hadoop has no exception of its own for a class that is missing.
      throw new ReelsparkException(
          ErrorCode.OUTPUT_UNWRITABLE,
          "no configured file system can open %s (%s); choose another directory, or bring its file system by --jars, such as hadoop-aws for s3a"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  /** Absolute path or URI of a file in here. */
  String resolve(String name) {
    return new Path(root, name).toString();
  }

  /** Where a person finds a file in here: a plain path on a local file system, else the URI. */
  String shown(String name) {
    Path path = new Path(root, name);
    return fileSystem.getScheme().equals("file") ? path.toUri().getPath() : path.toString();
  }

  /** Whether an earlier run has put videos here. */
  boolean holdsVideos() {
    return holds(VideoStore.DESCRIPTION_FILE);
  }

  boolean holds(String name) {
    try {
      return fileSystem.exists(new Path(root, name));
    } catch (IOException e) {
      throw unwritable(root.toString(), e);
    }
  }

  /**
   * Makes the directory and tries to write in it, so that a job does not fail after its first
   * video.
   *
   * @throws ReelsparkException OUTPUT_UNWRITABLE
   */
  void requireWritable() {
    Path probe = new Path(root, "." + UUID.randomUUID() + ".tmp");
    try {
      fileSystem.mkdirs(root);
      fileSystem.create(probe).close();
      fileSystem.delete(probe, false);
    } catch (IOException e) {
      throw unwritable(root.toString(), e);
    }
  }

  /** Creates or replaces a file; a reader never sees half of it. */
  void write(String name, String content) {
    Path temporary = new Path(root, "." + name + "." + UUID.randomUUID() + ".tmp");
    Path target = new Path(root, name);
    try {
      try (OutputStream stream = fileSystem.create(temporary)) {
        stream.write(content.getBytes(StandardCharsets.UTF_8));
      }
      fileSystem.delete(target, false);
      if (!fileSystem.rename(temporary, target)) {
        throw new IOException("cannot rename %s to %s".formatted(temporary, target));
      }
    } catch (IOException e) {
      throw unwritable(root.toString(), e);
    }
  }

  private static ReelsparkException unwritable(String directory, Exception cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot write to output directory %s (%s); choose a directory that this user can create and write, with free space, by --out"
            .formatted(directory, cause.getMessage()),
        cause);
  }
}
