package org.reelspark.backend.cuda;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * A shared library of a jar as a file. JCuda loads its library from a fixed name in the directory
 * for temporary files, which several JVMs of one machine share, and takes whatever is there: a file
 * that another JVM has half written, too. So the file is put there whole before JCuda looks.
 */
final class SharedLibraryFile {
  private SharedLibraryFile() {}

  /**
   * Makes {@code directory/name} hold exactly these bytes, in one step for all who look on.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE when the directory does not take the file
   */
  static Path publish(byte[] content, Path directory, String name) {
    Path file = directory.resolve(name);
    try {
      if (holds(file, content)) {
        return file;
      }
      Path partial = Files.createTempFile(directory, name, ".partial");
      try {
        Files.write(partial, content);
        flushToDisk(partial);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(partial);
      }
      return file;
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "cannot write the CUDA binding to %s (%s); let this user write there, or set java.io.tmpdir to another directory"
              .formatted(file, e),
          e);
    }
  }

  private static boolean holds(Path file, byte[] content) throws IOException {
    try {
      return Files.isRegularFile(file)
          && Files.size(file) == content.length
          && Arrays.equals(Files.readAllBytes(file), content);
    } catch (NoSuchFileException e) {
      // Others may clear the directory between two looks.
      return false;
    }
  }

  private static void flushToDisk(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}
