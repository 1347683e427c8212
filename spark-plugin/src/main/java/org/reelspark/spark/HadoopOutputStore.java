package org.reelspark.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.FileContent;
import org.reelspark.generate.OutputStore;

/** An output directory on any Hadoop file system: HDFS, object stores. */
final class HadoopOutputStore implements OutputStore {
  private static final int MOST_RENAMES = 20;

  private final FileSystem fileSystem;
  private final Path root;

  HadoopOutputStore(FileSystem fileSystem, Path root) {
    this.fileSystem = fileSystem;
    this.root = fileSystem.makeQualified(root);
  }

  @Override
  public String uri(String path) {
    return file(path).toString();
  }

  @Override
  public Optional<byte[]> read(String path) {
    try (FSDataInputStream in = fileSystem.open(file(path))) {
      return Optional.of(in.readAllBytes());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", file(path), e);
    }
  }

  @Override
  public Optional<InputStream> open(String path) {
    try {
      return Optional.of(fileSystem.open(file(path)));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", file(path), e);
    }
  }

  @Override
  public OptionalLong byteSize(String path) {
    try {
      return OptionalLong.of(fileSystem.getFileStatus(file(path)).getLen());
    } catch (FileNotFoundException e) {
      return OptionalLong.empty();
    } catch (IOException e) {
      throw failed("read", file(path), e);
    }
  }

  @Override
  public void write(String path, FileContent content) {
    Path target = file(path);
    Path temporary =
        new Path(target.getParent(), ".%s.%s.tmp".formatted(target.getName(), UUID.randomUUID()));
    try {
      try (FSDataOutputStream out = fileSystem.create(temporary, false)) {
        content.writeTo(out);
      }
      replace(temporary, target);
    } catch (AccessControlException | FileAlreadyExistsException | ParentNotDirectoryException e) {
      deleteQuietly(temporary, e);
      throw unwritable(e);
    } catch (IOException e) {
      deleteQuietly(temporary, e);
      if (isFull(content.byteSize())) {
        throw full(target, content.byteSize(), e);
      }
      throw failed("write", target, e);
    }
  }

  @Override
  public void delete(String path) {
    try {
      fileSystem.delete(file(path), false);
    } catch (IOException e) {
      throw failed("delete", file(path), e);
    }
  }

  /**
   * Renames; where the file system does not rename onto an existing file, deletes that first, and
   * again when another writer of the same file comes in between.
   */
  private void replace(Path temporary, Path target) throws IOException {
    for (int attempt = 0; attempt < MOST_RENAMES; attempt++) {
      if (renames(temporary, target)) {
        return;
      }
      fileSystem.delete(target, false);
    }
    throw new IOException("the file system refused to rename " + temporary);
  }

  /** Whether it was renamed: of an existing target, HDFS says no and S3A throws. */
  private boolean renames(Path source, Path target) throws IOException {
    try {
      return fileSystem.rename(source, target);
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private void deleteQuietly(Path file, IOException cause) {
    try {
      fileSystem.delete(file, false);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private boolean isFull(long neededBytes) {
    try {
      return fileSystem.getStatus(root).getRemaining() < neededBytes;
    } catch (IOException e) {
      return false;
    }
  }

  private Path file(String path) {
    return path.isEmpty() ? root : new Path(root, path);
  }

  private ReelsparkException full(Path target, long bytes, IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "file system full: no space for the %d bytes of %s; free space and run again, finished videos are kept"
            .formatted(bytes, target),
        cause);
  }

  private ReelsparkException unwritable(IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot write to output directory %s (%s); choose a directory that this user can create and write"
            .formatted(root, cause),
        cause);
  }

  private static ReelsparkException failed(String action, Path file, IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_FAILED, "cannot %s %s (%s)".formatted(action, file, cause), cause);
  }
}
