package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;

class VideoStoreTest {
  private static final ModelDescription MODEL = ToyModel.description("d0", Optional.empty());
  private static final GenerationRequest REQUEST =
      GenerationRequest.resolve("a red square", GenerationOptions.NONE, MODEL);
  private static final String KEY = ContentKey.of(REQUEST, MODEL);
  private static final EncodedVideo VIDEO =
      new EncodedVideo(
          KEY,
          REQUEST,
          new byte[] {1, 2, 3},
          new byte[] {4},
          32,
          0.25,
          3,
          "cpu f32",
          new StageTimings(1, 2, 3, 4, 0));

  @TempDir Path directory;
  private Path root;
  private VideoStore store;

  @BeforeEach
  void open() {
    root = directory.resolve("out put");
    store = VideoStore.open(new LocalOutputStore(root), MODEL, 0);
    store.prepare();
  }

  private Path file(String extension) {
    return root.resolve(KEY.substring(0, 2)).resolve(KEY + "." + extension);
  }

  @Test
  void findsWhatWasSaved() throws IOException {
    assertThat(store.find(KEY, REQUEST)).isEmpty();

    FinishedVideo saved = store.save(VIDEO);

    assertThat(store.find(KEY, REQUEST)).hasValue(saved);
    assertThat(saved.content())
        .isEqualTo(new VideoContent.Stored(file("mp4").toUri().toString(), 3));
    assertThat(Files.readAllBytes(file("mp4"))).containsExactly(1, 2, 3);
    assertThat(Files.readAllBytes(file("png"))).containsExactly(4);
    assertThat(file("json")).content().contains("a red square", "\"modelDigest\" : \"d0\"");
  }

  @Test
  void leavesNoTemporaryFiles() throws IOException {
    store.save(VIDEO);

    try (Stream<Path> files = Files.walk(root)) {
      assertThat(files.filter(Files::isRegularFile).map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("_reelspark.json", KEY + ".mp4", KEY + ".png", KEY + ".json");
    }
  }

  @Test
  void videoWithoutItsSidecarIsNotFinished() throws IOException {
    store.save(VIDEO);
    Files.delete(file("json"));

    assertThat(store.find(KEY, REQUEST)).isEmpty();
  }

  @Test
  void truncatedVideoIsNotFinished() throws IOException {
    store.save(VIDEO);
    Files.write(file("mp4"), new byte[] {1, 2});

    assertThat(store.find(KEY, REQUEST)).isEmpty();
  }

  @Test
  void damagedSidecarIsNotFinishedAndCanBeReplaced() throws IOException {
    store.save(VIDEO);
    Files.writeString(file("json"), "{\"key\":");

    assertThat(store.find(KEY, REQUEST)).isEmpty();

    store.save(VIDEO);
    assertThat(store.find(KEY, REQUEST)).isPresent();
  }

  @Test
  void openingWritesNothing() {
    Path unused = directory.resolve("unused");

    assertThat(VideoStore.open(new LocalOutputStore(unused), MODEL, 0).find(KEY, REQUEST))
        .isEmpty();

    assertThat(unused).doesNotExist();
  }

  @Test
  void reopensItsOwnOutput() {
    store.save(VIDEO);

    VideoStore reopened = VideoStore.open(new LocalOutputStore(root), MODEL, 0);

    assertThat(reopened.find(KEY, REQUEST)).isPresent();
  }

  @Test
  void saysWhatAVideoWasComputedWith() {
    assertThat(store.save(VIDEO).arithmetic()).contains("cpu f32");
    assertThat(store.find(KEY, REQUEST).orElseThrow().arithmetic()).contains("cpu f32");
  }

  @Test
  void findsVideosOfSidecarsThatDoNotSayWhatComputedThem() throws IOException {
    store.save(VIDEO);
    String sidecar = Files.readString(file("json"));
    Files.writeString(file("json"), sidecar.replace("\"arithmetic\" : \"cpu f32\",", ""));

    assertThat(store.find(KEY, REQUEST).orElseThrow().arithmetic()).isEmpty();
  }

  @Test
  void refusesOutputOfAnotherModel() {
    ModelDescription other = ToyModel.description("d1", Optional.empty());

    assertThatThrownBy(() -> VideoStore.open(new LocalOutputStore(root), other, 0))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_MISMATCH))
        .hasMessageContaining("toy model d0")
        .hasMessageContaining("toy model d1")
        .hasMessageContaining("choose another output directory");
  }

  @Test
  void refusesOutputOfAnotherPlanVersion() throws IOException {
    Path description = root.resolve("_reelspark.json");
    String json = Files.readString(description);
    Files.writeString(
        description, json.replaceAll("\"planVersion\" : \\d+", "\"planVersion\" : 0"));

    assertThatThrownBy(() -> VideoStore.open(new LocalOutputStore(root), MODEL, 0))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_MISMATCH))
        .hasMessageContaining("plan version 0");
  }

  @Test
  void unwritableOutputIsAFaultOfTheSetup() throws IOException {
    Path notADirectory = Files.writeString(directory.resolve("file"), "");

    assertThatThrownBy(
            () -> VideoStore.open(new LocalOutputStore(notADirectory), MODEL, 0).prepare())
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_UNWRITABLE))
        .hasMessageContaining(notADirectory.toString());
  }

  @Test
  void fullDiskIsAFaultOfTheSetupAndKeepsWhatIsDone() throws IOException {
    Configuration small =
        Configuration.unix().toBuilder().setMaxSize(16 * 1024).setBlockSize(1024).build();
    try (FileSystem fileSystem = Jimfs.newFileSystem(small)) {
      VideoStore smallStore =
          VideoStore.open(new LocalOutputStore(fileSystem.getPath("/videos")), MODEL, 0);
      smallStore.prepare();
      smallStore.save(VIDEO);
      EncodedVideo large =
          new EncodedVideo(
              "ff" + KEY.substring(2),
              REQUEST,
              new byte[64 * 1024],
              new byte[1],
              1,
              0,
              0,
              "cpu f32",
              new StageTimings(0, 0, 0, 0, 0));

      assertThatThrownBy(() -> smallStore.save(large))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_UNWRITABLE))
          .hasMessageContaining("disk full")
          .hasMessageContaining("65536 bytes");
      assertThat(smallStore.find(large.key(), REQUEST)).isEmpty();
      assertThat(smallStore.find(KEY, REQUEST)).isPresent();
    }
  }
}
