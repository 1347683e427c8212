package org.reelspark.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.VideoStore;

/**
 * The directory of a dataset of videos as the driver sees it: the videos that executors put there,
 * and beside them one manifest for each run.
 */
final class DatasetDirectory {
  private static final String MANIFEST = "manifest";
  private static final String RUN_PREFIX = DatasetManifest.RUN_COLUMN + "=";

  /** First two digits of the keys of the videos in a directory. */
  private static final Pattern SHARD = Pattern.compile("[0-9a-f]{2}");

  private static final int KEY_LENGTH = 64;
  private static final Pattern KEY = Pattern.compile("[0-9a-f]{%d}".formatted(KEY_LENGTH));
  private static final Pattern FILE_OF_KEY = Pattern.compile(KEY.pattern() + "\\.[a-z0-9]+");

  /** A checkpoint, or, after a dot, what a writer that was killed left of one. */
  private static final Pattern CHECKPOINT = Pattern.compile("\\.?%s\\..*".formatted(KEY.pattern()));

  private final FileSystem fileSystem;
  private final Path root;

  private DatasetDirectory(FileSystem fileSystem, Path root) {
    this.fileSystem = fileSystem;
    this.root = root;
  }

  /**
   * @throws ReelsparkException OUTPUT_UNWRITABLE when no file system knows the path
   */
  static DatasetDirectory of(String directory, Configuration configuration) {
    try {
      Path path = new Path(directory);
      FileSystem fileSystem = path.getFileSystem(configuration);
      return new DatasetDirectory(fileSystem, fileSystem.makeQualified(path));
    } catch (IOException | RuntimeException e) {
      // Hadoop has no exception of its own for a class that is missing.
      throw new ReelsparkException(
          ErrorCode.OUTPUT_UNWRITABLE,
          "no configured file system can open %s (%s); choose another directory, or bring its file system by spark.jars, such as hadoop-aws for s3a"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  /** Whether there is anything at all. */
  boolean holdsFiles() {
    return list(root).length > 0;
  }

  /** Whether any run has been here. */
  boolean holdsDataset() {
    return exists(new Path(root, VideoStore.DESCRIPTION_FILE)) || exists(manifest());
  }

  /** Whether any run has come to its end: one that was cut off leaves a directory without data. */
  boolean holdsManifest() {
    return Arrays.stream(list(manifest()))
        .map(FileStatus::getPath)
        .filter(run -> run.getName().startsWith(RUN_PREFIX))
        .flatMap(run -> Arrays.stream(list(run)))
        .anyMatch(file -> file.getPath().getName().endsWith(".parquet"));
  }

  /** Directory of the manifests of all runs, partitioned by run. */
  Path manifest() {
    return new Path(root, MANIFEST);
  }

  Path manifest(String run) {
    return new Path(manifest(), RUN_PREFIX + run);
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

  /**
   * Deletes the files of all videos but those of {@code keys}, finished or not, and the manifests
   * of all runs but {@code run}. Files of other names stay.
   */
  void keepOnly(Set<String> keys, String run) {
    for (FileStatus directory : list(root)) {
      if (SHARD.matcher(directory.getPath().getName()).matches()) {
        for (FileStatus file : list(directory.getPath())) {
          String name = file.getPath().getName();
          if (FILE_OF_KEY.matcher(name).matches()
              && !keys.contains(name.substring(0, KEY_LENGTH))) {
            delete(file.getPath());
          }
        }
      }
    }
    for (FileStatus checkpoint : checkpoints()) {
      if (!keys.contains(keyOf(checkpoint))) {
        delete(checkpoint.getPath());
      }
    }
    for (FileStatus manifest : list(manifest())) {
      String name = manifest.getPath().getName();
      if (name.startsWith(RUN_PREFIX) && !name.equals(RUN_PREFIX + run)) {
        delete(manifest.getPath());
      }
    }
  }

  /**
   * Deletes what a second attempt at a video kept after the first had finished it. Checkpoints of
   * videos that are not finished stay for whoever makes them.
   */
  void dropCheckpointsOfFinishedVideos() {
    for (FileStatus checkpoint : checkpoints()) {
      if (exists(new Path(root, VideoStore.sidecarPath(keyOf(checkpoint))))) {
        delete(checkpoint.getPath());
      }
    }
  }

  private List<FileStatus> checkpoints() {
    return Arrays.stream(list(new Path(root, VideoStore.CHECKPOINT_DIRECTORY)))
        .filter(file -> CHECKPOINT.matcher(file.getPath().getName()).matches())
        .toList();
  }

  private static String keyOf(FileStatus checkpoint) {
    String name = checkpoint.getPath().getName();
    int start = name.startsWith(".") ? 1 : 0;
    return name.substring(start, start + KEY_LENGTH);
  }

  private boolean exists(Path path) {
    try {
      return fileSystem.exists(path);
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_FAILED, "cannot read %s (%s)".formatted(path, e), e);
    }
  }

  private FileStatus[] list(Path directory) {
    try {
      return fileSystem.listStatus(directory);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_FAILED, "cannot list %s (%s)".formatted(directory, e), e);
    }
  }

  private void delete(Path path) {
    try {
      fileSystem.delete(path, true);
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_FAILED, "cannot delete %s (%s)".formatted(path, e), e);
    }
  }

  private static ReelsparkException unwritable(String directory, Exception cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot write to output directory %s (%s); choose a directory that this user can create and write, with free space"
            .formatted(directory, cause.getMessage()),
        cause);
  }

  /** The absolute URI. */
  @Override
  public String toString() {
    return root.toString();
  }
}
