package org.reelspark.jobs.randomcheckpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ReelsparkException;
import org.reelspark.jobs.randomcheckpoint.CheckpointPlan.Changes;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.model.registry.VideoModels;
import org.reelspark.tensor.Tensor;

/** Writes checkpoints of every family in small and uses them. */
@Timeout(300)
class CheckpointWriterTest {
  private static final int HEADS = 4;
  private static final int HEAD_DIMENSION = 64;
  private static final int FRAMES = 9;
  private static final int SIDE = 128;

  /** Rows of tokens, and columns, in each of 3 frames. */
  private static final int ROWS = 8;

  private static final int TOKENS = 3 * ROWS * ROWS;

  private static final Changes SMALL =
      new Changes(Optional.empty(), Optional.of(1), Optional.of(1), Optional.empty());

  @TempDir private Path directory;

  /** The loaders reject tensors that are missing, of another shape, or too many. */
  @ParameterizedTest
  @EnumSource
  void whatIsWrittenLoadsAndMakesAVideo(PublishedModel like) {
    write(small(like, SMALL), 1);

    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(directory, backend);
        TextEmbedding prompt = model.encodeText("a red square moves right");
        TextEmbedding negative = model.encodeText("");
        DenoiseResult result =
            model.denoise(
                new DenoiseRequest(
                    model.geometry(SIDE, SIDE, FRAMES),
                    2,
                    Guidance.throughout(3),
                    1,
                    AttentionProfile.DENSE),
                prompt,
                negative,
                DenoiseObserver.NONE);
        Tensor video = model.decode(result.latents())) {
      assertThat(rootMeanSquare(prompt.states().toFloats()) * paddingShare(prompt))
          .as("text")
          .isBetween(0.5, 2.0);
      assertThat(rootMeanSquare(result.latents().toFloats())).as("latents").isBetween(0.3, 5.0);
      assertThat(shareInsideTheRange(video)).as("pixels").isGreaterThan(0.7);
    }
  }

  /** Makes up for the rows of the padding, which are zero. */
  private static double paddingShare(TextEmbedding text) {
    return Math.sqrt((double) text.states().rows() / text.tokenCount());
  }

  private static double rootMeanSquare(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  /** The share of colours that are neither black nor full. */
  private static double shareInsideTheRange(Tensor video) {
    ByteBuffer pixels = video.buffer();
    int count = pixels.remaining();
    int inside = 0;
    while (pixels.hasRemaining()) {
      int pixel = Byte.toUnsignedInt(pixels.get());
      inside += pixel > 0 && pixel < 255 ? 1 : 0;
    }
    return (double) inside / count;
  }

  @Test
  void headsRangeFromWideToNarrow() {
    write(small(PublishedModel.WAN_2_1_1_3B, SMALL), 1);

    double[] near = new double[HEADS];
    DenoiseObserver observer =
        new DenoiseObserver() {
          @Override
          public void afterSelfAttention(
              int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {
            for (int head = 0; head < HEADS; head++) {
              near[head] = shareOfNearTokens(inputs, head);
            }
          }
        };
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(directory, backend);
        TextEmbedding prompt = model.encodeText("a red square moves right");
        DenoiseResult result =
            model.denoise(
                new DenoiseRequest(
                    geometry(model), 1, Guidance.throughout(1), 1, AttentionProfile.DENSE),
                prompt,
                null,
                observer)) {
      assertThat(result.latents()).isNotNull();
    }
    double even = 27.0 / TOKENS;
    assertThat(near[0]).isBetween(0.8 * even, 1.5 * even);
    assertThat(near[HEADS - 1]).isBetween(2 * even, 0.9);
    assertThat(near).isSorted();
  }

  private static VideoGeometry geometry(VideoModel model) {
    return model.geometry(SIDE, SIDE, FRAMES);
  }

  /**
   * Softmax weight that tokens give to themselves and their 26 neighbours, on average over those of
   * the middle frame that have all.
   */
  private static double shareOfNearTokens(AttentionInputs inputs, int head) {
    float[] queries = inputs.query().toFloats();
    float[] keys = inputs.key().toFloats();
    double sum = 0;
    int count = 0;
    for (int row = 1; row < ROWS - 1; row++) {
      for (int column = 1; column < ROWS - 1; column++) {
        int query = place(inputs, head, (ROWS + row) * ROWS + column);
        double near = 0;
        double all = 0;
        for (int token = 0; token < TOKENS; token++) {
          double product = product(queries, query, keys, place(inputs, head, token));
          double weight = Math.exp(product / Math.sqrt(HEAD_DIMENSION));
          all += weight;
          near += isNear(token, row, column) ? weight : 0;
        }
        sum += near / all;
        count++;
      }
    }
    return sum / count;
  }

  private static double product(float[] queries, int query, float[] keys, int key) {
    double product = 0;
    for (int i = 0; i < HEAD_DIMENSION; i++) {
      product += (double) queries[query + i] * keys[key + i];
    }
    return product;
  }

  private static int place(AttentionInputs inputs, int head, int token) {
    return switch (inputs.layout()) {
      case TOKEN_MAJOR -> (token * HEADS + head) * HEAD_DIMENSION;
      case HEAD_MAJOR -> (head * TOKENS + token) * HEAD_DIMENSION;
    };
  }

  private static boolean isNear(int token, int row, int column) {
    return Math.abs(token / ROWS % ROWS - row) <= 1 && Math.abs(token % ROWS - column) <= 1;
  }

  /** The same bits on every machine: this digest was computed once. */
  @Test
  void aSeedAlwaysGivesTheSameCheckpoint() {
    write(CheckpointPlan.of(PublishedModel.SAMPLE, SMALL), 42);

    assertThat(Checkpoint.open(directory).digest())
        .isEqualTo("8b8627f0acc76999c7ef883991304a28d42ae1e518173f36ddef7c2e31672f41");
  }

  @Test
  void anotherSeedGivesOtherWeights() {
    CheckpointPlan plan = CheckpointPlan.of(PublishedModel.SAMPLE, SMALL);
    write(plan, 1, directory.resolve("one"));
    write(plan, 2, directory.resolve("two"));

    String name = "encoder.final_layer_norm.weight";
    assertThat(floats(directory.resolve("one"), "text_encoder", name))
        .isNotEqualTo(floats(directory.resolve("two"), "text_encoder", name));
  }

  @ParameterizedTest
  @CsvSource({"500000, 2", "1, 1"})
  void neitherLayersNorFilesChangeATensor(long shardBytes, int layers) throws IOException {
    CheckpointPlan plan = CheckpointPlan.of(PublishedModel.SAMPLE, Changes.NONE);
    Changes changes =
        new Changes(
            Optional.empty(), Optional.of(layers), Optional.empty(), Optional.of(shardBytes));
    Path whole = directory.resolve("whole");
    Path changed = directory.resolve("changed");
    write(plan, 1, whole);
    write(CheckpointPlan.of(PublishedModel.SAMPLE, changes), 1, changed);

    Weights weights = Weights.open(changed.resolve("transformer"));
    assertThat(changed.resolve("transformer/diffusion_pytorch_model.safetensors.index.json"))
        .exists();
    assertThat(weights.names()).hasSizeGreaterThan(30);
    for (String name : weights.names()) {
      assertThat(floats(changed, "transformer", name))
          .as(name)
          .isEqualTo(floats(whole, "transformer", name));
    }
  }

  /** The text encoder's table has more elements than the buffer of the writer. */
  @Test
  void aTensorLargerThanTheBufferHasNoSeams() {
    Map<String, ObjectNode> files = PublishedModel.SAMPLE.files();
    int vocabulary = 40_000;
    files.get("text_encoder/config.json").put("vocab_size", vocabulary);
    write(CheckpointPlan.of(PublishedModel.SAMPLE, files, SMALL), 1);

    float[] table = floats(directory, "text_encoder", "shared.weight");
    assertThat(table).hasSize(vocabulary * 128);
    int buffer = 1 << 22;
    assertThat(rootMeanSquare(slice(table, buffer - 1000))).isBetween(0.8, 1.2);
    assertThat(rootMeanSquare(slice(table, buffer))).isBetween(0.8, 1.2);
    assertThat(slice(table, buffer)).isNotEqualTo(slice(table, 0));
  }

  private static float[] slice(float[] values, int from) {
    return Arrays.copyOfRange(values, from, from + 1000);
  }

  @Test
  void refusesADirectoryThatHoldsSomething() throws IOException {
    Path note = Files.writeString(directory.resolve("note.txt"), "mine");

    assertThatThrownBy(() -> write(CheckpointPlan.of(PublishedModel.SAMPLE, SMALL), 1))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContainingAll(directory + " is not empty", "note.txt", "--out");
    assertThat(directory).isDirectoryContaining(note::equals);
    assertThat(note).hasContent("mine");
  }

  @Test
  void refusesAPathThatIsAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "mine");

    assertThatThrownBy(() -> write(CheckpointPlan.of(PublishedModel.SAMPLE, SMALL), 1, file))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContainingAll("cannot write a checkpoint to " + file, "--out");
    assertThat(file).hasContent("mine");
  }

  @ParameterizedTest
  @ValueSource(strings = {"en-US", "de-DE"})
  void namesTheSpaceThatIsNeededAndThatIsFree(String language) {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(language));
    try {
      assertThatThrownBy(
              () -> CheckpointWriter.requireSpace(directory, 28_900_000_000L, 1_000_000L))
          .hasMessageContainingAll(
              "28,900,000,000", "1,000,000 free", directory.toString(), "--out");
    } finally {
      Locale.setDefault(before);
    }
    CheckpointWriter.requireSpace(directory, 1000, 1000);
  }

  /** More than any disk has. */
  @Test
  void writesNothingWhereSpaceIsShort() {
    Map<String, ObjectNode> files = PublishedModel.SAMPLE.files();
    files.get("text_encoder/config.json").put("vocab_size", Integer.MAX_VALUE);
    files.get("text_encoder/config.json").put("d_model", 1 << 20);

    assertThatThrownBy(() -> write(CheckpointPlan.of(PublishedModel.SAMPLE, files, SMALL), 1))
        .hasMessageContaining("the checkpoint takes");
    assertThat(directory).isEmptyDirectory();
  }

  /** The progress of the last file fails like a disk: all weights before it are there by then. */
  @Test
  void whatIsUnfinishedIsNoCheckpoint() throws IOException {
    CheckpointPlan plan = CheckpointPlan.of(PublishedModel.SAMPLE, SMALL);
    CheckpointWriter writer =
        new CheckpointWriter(
            plan,
            1,
            line -> {
              if (line.startsWith("vae/")) {
                throw new UncheckedIOException(new IOException("interrupted"));
              }
            });

    assertThatThrownBy(() -> writer.write(directory)).hasMessageContaining("interrupted");
    assertThatThrownBy(() -> Checkpoint.open(directory)).isInstanceOf(ReelsparkException.class);
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  private void write(CheckpointPlan plan, long seed) {
    write(plan, seed, directory);
  }

  private static void write(CheckpointPlan plan, long seed, Path directory) {
    new CheckpointWriter(plan, seed, line -> {}).write(directory);
  }

  private static float[] floats(Path checkpoint, String component, String name) {
    Weights weights = Weights.open(checkpoint.resolve(component));
    try (Tensor tensor = weights.load(name, weights.shape(name).toArray())) {
      return tensor.toFloats();
    }
  }

  /** The configuration of a model with narrow layers. */
  private static CheckpointPlan small(PublishedModel like, Changes changes) {
    Map<String, ObjectNode> files = like.files();
    int textWidth = 64;
    files.forEach(
        (path, config) -> {
          if (path.startsWith("transformer")) {
            config.put("num_attention_heads", HEADS).put("attention_head_dim", HEAD_DIMENSION);
            config.put("ffn_dim", 512).put("text_dim", textWidth);
          } else if (path.startsWith("vae")) {
            config.put("base_dim", 8);
            if (config.has("decoder_base_dim")) {
              config.put("decoder_base_dim", 16);
            }
          } else if (path.startsWith("text_encoder")) {
            config.put("d_model", textWidth).put("d_kv", 16).put("num_heads", 4).put("d_ff", 128);
          }
        });
    return CheckpointPlan.of(like, files, changes);
  }
}
