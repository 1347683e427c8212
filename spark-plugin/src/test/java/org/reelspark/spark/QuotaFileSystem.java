package org.reelspark.spark;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** A file system that is full after so many bytes. */
public final class QuotaFileSystem extends StrictFileSystem {
  private static final AtomicLong REMAINING = new AtomicLong();

  /** All that may be written from now on, over all instances. */
  static void allow(long bytes) {
    REMAINING.set(bytes);
  }

  public QuotaFileSystem() {
    super("quota");
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
            long before = REMAINING.getAndUpdate(remaining -> Math.max(0, remaining - length));
            if (before < length) {
              throw new IOException("No space left on device");
            }
            out.write(bytes, offset, length);
          }
        };
    return new FSDataOutputStream(limited, null);
  }

  @Override
  public FsStatus getStatus(Path path) {
    long remaining = REMAINING.get();
    return new FsStatus(Long.MAX_VALUE, Long.MAX_VALUE - remaining, remaining);
  }
}
