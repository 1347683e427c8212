package org.reelspark.spark;

import java.io.IOException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Local files, where renaming onto an existing one throws, as by S3A. */
final class ThrowingFileSystem extends RawLocalFileSystem {
  @Override
  public boolean rename(Path source, Path target) throws IOException {
    if (exists(target)) {
      throw new FileAlreadyExistsException(target + " exists");
    }
    return super.rename(source, target);
  }
}
