package org.reelspark.spark;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.reelspark.generate.VideoStore;

/** A file system on which a {@link Hold} stops who writes checkpoints. */
public final class HeldFileSystem extends StrictFileSystem {
  static final String SCHEME = "held";

  public HeldFileSystem() {
    super(SCHEME);
  }

  @Override
  public FSDataOutputStream create(Path file, boolean overwrite) throws IOException {
    Path directory = file.getParent();
    if (directory.getName().equals(VideoStore.CHECKPOINT_DIRECTORY)) {
      String output = directory.getParent().toUri().getPath();
      new Hold(java.nio.file.Path.of(output)).pass(key(file.getName()));
    }
    return super.create(file, overwrite);
  }

  /** A file that is not whole yet is named by a dot, its video's key, a dot, and more. */
  private static String key(String name) {
    return name.substring(1, name.indexOf('.', 1));
  }
}
