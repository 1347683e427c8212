package org.reelspark.spark;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** A file system whose process ends after so many changes: from then on, nothing changes. */
final class MortalFileSystem extends StrictFileSystem {
  private int changesLeft;

  /**
   * @param changes files made, renamed and deleted before the end
   */
  MortalFileSystem(int changes) {
    super("mortal");
    changesLeft = changes;
  }

  boolean isDead() {
    return changesLeft < 0;
  }

  private void change() {
    changesLeft--;
    if (isDead()) {
      throw new IllegalStateException("the process has ended");
    }
  }

  @Override
  public FSDataOutputStream create(Path file, boolean overwrite) throws IOException {
    change();
    return super.create(file, overwrite);
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    change();
    return super.rename(source, target);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    change();
    return super.delete(path, recursive);
  }
}
