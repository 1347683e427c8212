package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.StepCheckpoints;
import org.reelspark.generate.ToyModel;
import org.reelspark.generate.VideoStore;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.ModelDescription;

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

  static Stream<Arguments> fileSystems() {
    return Stream.of(
        argumentSet("that renames onto files", new RawLocalFileSystem()),
        argumentSet("that says no", new StrictFileSystem("strict")),
        argumentSet("that throws", new ThrowingFileSystem()));
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void replacesAnExistingFileAndLeavesNoTemporaryOnes(FileSystem renaming) throws IOException {
    renaming.initialize(URI.create("file:///"), new Configuration());
    HadoopOutputStore store = new HadoopOutputStore(renaming, new Path(directory.toString()));
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

  @Test
  void someCheckpointIsWholeWheneverItsWriterEnds() throws IOException {
    boolean died = true;
    for (int changes = 0; died; changes++) {
      Path root = new Path(directory.resolve("killed-after-" + changes).toUri().getPath());
      MortalFileSystem mortal = new MortalFileSystem(changes);
      mortal.initialize(URI.create("mortal:///"), new Configuration());
      int kept = 0;
      for (int step = 1; step <= 5; step++) {
        try (StepCheckpoints checkpoints = checkpoints(mortal, root)) {
          assertThat(checkpoints.find().map(DenoiseState::stepsDone).orElse(0)).isEqualTo(kept);
          save(step, checkpoints);
        }
        if (!mortal.isDead()) {
          kept = step;
        }
      }
      died = mortal.isDead();

      try (StepCheckpoints checkpoints = checkpoints(fileSystem, root)) {
        assertThat(checkpoints.find().map(DenoiseState::stepsDone).orElse(0))
            .as("killed after %d changes", changes)
            .isGreaterThanOrEqualTo(kept);
      }
    }
  }

  private static StepCheckpoints checkpoints(FileSystem files, Path root) {
    ModelDescription model = ToyModel.withDigest("d0").description();
    return VideoStore.open(new HadoopOutputStore(files, root), model, 1)
        .checkpoints("0123456789abcdef".repeat(4));
  }

  private static void save(int stepsDone, StepCheckpoints checkpoints) {
    checkpoints.save(
        () ->
            new DenoiseState(
                "toy", stepsDone, List.of(new float[] {stepsDone}), AttentionStatistics.NONE));
  }
}
