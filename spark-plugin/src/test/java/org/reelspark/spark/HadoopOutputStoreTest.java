package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Over Hadoop's own local file system, which keeps a checksum beside each file. */
class HadoopOutputStoreTest {
  @TempDir java.nio.file.Path directory;
  private FileSystem fileSystem;
  private HadoopOutputStore store;

  @BeforeEach
  void open() throws IOException {
    fileSystem = FileSystem.get(URI.create("file:///"), new Configuration());
    store = new HadoopOutputStore(fileSystem, new Path(directory.resolve("videos").toUri()));
  }

  @Test
  void readsWhatItWrote() {
    assertThat(store.read("ab/x.json")).isEmpty();
    assertThat(store.byteSize("ab/x.json")).isEmpty();

    store.write("ab/x.json", new byte[] {1, 2, 3});

    assertThat(store.read("ab/x.json")).get().isEqualTo(new byte[] {1, 2, 3});
    assertThat(store.byteSize("ab/x.json")).hasValue(3);
    assertThat(store.uri("ab/x.json")).startsWith("file:/").endsWith("/videos/ab/x.json");
  }

  @Test
  void replacesAnExistingFileAndLeavesNoTemporaryOnes() throws IOException {
    store.write("x", new byte[] {1, 2, 3});
    store.write("x", new byte[] {4});

    assertThat(store.read("x")).get().isEqualTo(new byte[] {4});
    try (Stream<java.nio.file.Path> files = Files.walk(directory)) {
      assertThat(files.map(java.nio.file.Path::toString)).noneMatch(name -> name.endsWith(".tmp"));
    }
  }

  @Test
  void directoryBelowAFileIsUnwritable() throws IOException {
    Files.writeString(directory.resolve("file"), "");
    HadoopOutputStore below =
        new HadoopOutputStore(fileSystem, new Path(directory.resolve("file").toUri()));

    assertThatThrownBy(() -> below.write("x", new byte[1]))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_UNWRITABLE))
        .hasMessageContaining("choose a directory");
  }
}
