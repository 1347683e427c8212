package org.reelspark.spark;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A Hadoop file system over local files that is full after so many bytes, and that does not rename
 * onto existing files, as HDFS does not.
 */
public final class QuotaFileSystem extends RawLocalFileSystem {
  private static final AtomicLong REMAINING = new AtomicLong();
  private URI uri;

  /** All that may be written from now on, over all instances. */
  static void allow(long bytes) {
    REMAINING.set(bytes);
  }

  @Override
  public void initialize(URI name, Configuration configuration) throws IOException {
    super.initialize(name, configuration);
    uri = URI.create("quota:///");
    setWorkingDirectory(new Path("quota:///"));
  }

  @Override
  public URI getUri() {
    return uri == null ? super.getUri() : uri;
  }

  @Override
  public String getScheme() {
    return "quota";
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(
        super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(super.create(file, overwrite, bufferSize, replication, blockSize, progress));
  }

  private static FSDataOutputStream limited(FSDataOutputStream target) {
    OutputStream limited =
        new FilterOutputStream(target) {
          @Override
          public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            if (REMAINING.addAndGet(-length) < 0) {
              REMAINING.set(0);
              throw new IOException("No space left on device");
            }
            out.write(bytes, offset, length);
          }
        };
    return new FSDataOutputStream(limited, null);
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    return !exists(target) && super.rename(source, target);
  }

  @Override
  public FsStatus getStatus(Path path) {
    long remaining = REMAINING.get();
    return new FsStatus(Long.MAX_VALUE, Long.MAX_VALUE - remaining, remaining);
  }
}
