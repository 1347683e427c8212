package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class SharedLibraryFileTest {
  private static final String NAME = "libexample.so";

  @TempDir private Path directory;

  @Test
  void replacesAFileThatIsNotWhole() throws IOException {
    byte[] content = content();
    Files.write(directory.resolve(NAME), new byte[100]);

    SharedLibraryFile.publish(content, directory, NAME);

    assertThat(directory.resolve(NAME)).hasBinaryContent(content);
  }

  @Test
  void leavesAWholeFileAlone() throws IOException {
    SharedLibraryFile.publish(content(), directory, NAME);
    Object before = Files.getAttribute(directory.resolve(NAME), "unix:ino");

    SharedLibraryFile.publish(content(), directory, NAME);

    assertThat(Files.getAttribute(directory.resolve(NAME), "unix:ino")).isEqualTo(before);
  }

  @Test
  void nobodySeesPartOfAFileWhileOthersWriteIt() throws Exception {
    byte[] content = content();
    Path file = directory.resolve(NAME);
    ExecutorService writers = Executors.newFixedThreadPool(4);
    List<Future<Path>> writes = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      writes.add(
          writers.submit(
              () -> {
                // The next writer finds nothing, as the first of several JVMs does.
                Files.deleteIfExists(file);
                return SharedLibraryFile.publish(content, directory, NAME);
              }));
    }
    writers.shutdown();
    while (!writers.isTerminated()) {
      assertThat(sizeOf(file)).isIn(-1L, (long) content.length);
    }
    assertThat(writers.awaitTermination(1, TimeUnit.MINUTES)).isTrue();

    for (Future<Path> write : writes) {
      assertThat(write.get()).isEqualTo(file);
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void namesADirectoryThatTakesNoFile() {
    ReelsparkException failure =
        catchThrowableOfType(
            ReelsparkException.class,
            () -> SharedLibraryFile.publish(content(), directory.resolve("missing"), NAME));

    assertThat(failure.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(failure).hasMessageContaining("missing").hasMessageContaining("java.io.tmpdir");
  }

  private static long sizeOf(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return -1;
    }
  }

  private static byte[] content() {
    byte[] content = new byte[1 << 20];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31);
    }
    return content;
  }
}
