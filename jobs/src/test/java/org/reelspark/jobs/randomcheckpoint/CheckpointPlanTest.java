package org.reelspark.jobs.randomcheckpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.jobs.randomcheckpoint.CheckpointPlan.Changes;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;

/** Plans of full size, which write nothing. */
class CheckpointPlanTest {
  @ParameterizedTest
  @CsvSource({
    "WAN_2_1_1_3B, transformer, transformer-1.3b, 30",
    "WAN_2_1_1_3B, text_encoder, text-encoder, 24",
    "WAN_2_1_1_3B, vae, vae-wan2.1, 0",
    "WAN_2_1_14B, transformer, transformer-14b, 40",
    "WAN_2_2_A14B, transformer, transformer-14b, 40",
    "WAN_2_2_A14B, transformer_2, transformer-14b, 40",
    "WAN_2_2_A14B, vae, vae-wan2.1, 0",
    "WAN_2_2_5B, transformer, transformer-5b, 30",
    "WAN_2_2_5B, vae, vae-wan2.2-5b, 0"
  })
  void namesAndShapesAreThoseOfTheReferenceInItsOrder(
      PublishedModel model, String component, String golden, int blocks) throws IOException {
    List<String> planned =
        component(model, Changes.NONE, component).tensors().stream()
            .map(tensor -> tensor.name() + " " + sizes(tensor.shape()))
            .toList();

    assertThat(planned).containsExactlyElementsOf(golden(golden, blocks));
  }

  /** The lines with a star stand for those of every block. */
  private static List<String> golden(String name, int blocks) throws IOException {
    List<String> lines = new ArrayList<>();
    List<String> block = new ArrayList<>();
    for (String line : lines(name)) {
      if (line.contains(".*.")) {
        block.add(line);
        continue;
      }
      addBlocks(lines, block, blocks);
      block.clear();
      lines.add(line);
    }
    return lines;
  }

  private static void addBlocks(List<String> lines, List<String> block, int blocks) {
    for (int i = 0; i < blocks; i++) {
      String number = "." + i + ".";
      block.forEach(line -> lines.add(line.replace(".*.", number)));
    }
  }

  private static List<String> lines(String golden) throws IOException {
    String name = "/goldens/randomcheckpoint/" + golden + ".txt";
    try (InputStream stream = CheckpointPlanTest.class.getResourceAsStream(name)) {
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }

  private static String sizes(Shape shape) {
    return Arrays.stream(shape.toArray()).mapToObj(Long::toString).collect(Collectors.joining("x"));
  }

  /** By the file lists of the published repositories. */
  @ParameterizedTest
  @CsvSource({
    "WAN_2_1_1_3B, transformer, F32, 2",
    "WAN_2_1_1_3B, text_encoder, F32, 5",
    "WAN_2_1_1_3B, vae, F32, 1",
    "WAN_2_1_14B, transformer, F32, 12",
    "WAN_2_2_A14B, transformer, F32, 12",
    "WAN_2_2_A14B, transformer_2, F32, 12",
    "WAN_2_2_A14B, text_encoder, BF16, 3",
    "WAN_2_2_A14B, vae, F32, 1",
    "WAN_2_2_5B, transformer, F32, 5"
  })
  void typesAndNumbersOfFilesAreThePublishedOnes(
      PublishedModel model, String name, DType type, int files) {
    Component component = component(model, Changes.NONE, name);

    assertThat(component.type()).isEqualTo(type);
    assertThat(component.shards()).hasSize(files);
  }

  /** The text encoder of Wan 2.2 A14B is published in files of these sizes, headers included. */
  @Test
  void filesAreSplitWhereThePublishedOnesAre() {
    Component text = component(PublishedModel.WAN_2_2_A14B, Changes.NONE, "text_encoder");

    List<Long> published = List.of(4_935_812_536L, 4_983_103_192L, 1_442_935_480L);
    long largestHeader = 20_000;
    for (int i = 0; i < published.size(); i++) {
      Component.Shard shard = text.shards().get(i);
      long bytes = shard.tensors().stream().mapToLong(text::bytes).sum();
      assertThat(published.get(i) - bytes).as(shard.fileName()).isBetween(8L, largestHeader);
    }
    assertThat(text.shards().get(1).fileName()).isEqualTo("model-00002-of-00003.safetensors");
  }

  @Test
  void filesAreNamedTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(component(PublishedModel.WAN_2_1_1_3B, Changes.NONE, "transformer").shards())
          .extracting(Component.Shard::fileName)
          .containsExactly(
              "diffusion_pytorch_model-00001-of-00002.safetensors",
              "diffusion_pytorch_model-00002-of-00002.safetensors");
    } finally {
      Locale.setDefault(before);
    }
  }

  /** The shipped sample model has no part in the making of the plan but its configuration. */
  @ParameterizedTest
  @ValueSource(strings = {"transformer", "text_encoder", "vae"})
  void likeTheSampleModelIsLikeTheSampleModel(String name) {
    Weights shipped = Weights.open(Path.of("sample-model", name));
    Component component = component(PublishedModel.SAMPLE, Changes.NONE, name);

    assertThat(component.tensors())
        .extracting(TensorSpec::name)
        .containsExactlyInAnyOrderElementsOf(shipped.names());
    for (TensorSpec tensor : component.tensors()) {
      assertThat(tensor.shape()).as(tensor.name()).isEqualTo(shipped.shape(tensor.name()));
      assertThat(component.type()).as(tensor.name()).isEqualTo(shipped.dtype(tensor.name()));
    }
    for (Component.Shard shard : component.shards()) {
      Weights file = Weights.ofFile(Path.of("sample-model", name, shard.fileName()));
      assertThat(shard.tensors())
          .extracting(TensorSpec::name)
          .containsExactlyInAnyOrderElementsOf(file.names());
    }
  }

  @Test
  void changesReachConfigurationAndWeights() {
    Changes changes =
        new Changes(Optional.of(DType.BF16), Optional.of(2), Optional.of(1), Optional.of(1000L));
    CheckpointPlan plan = CheckpointPlan.of(PublishedModel.WAN_2_2_A14B, changes);

    assertThat(plan.components()).extracting(Component::type).containsOnly(DType.BF16);
    assertThat(plan.files().get("transformer_2/config.json").get("num_layers").intValue())
        .isEqualTo(2);
    assertThat(plan.files().get("text_encoder/config.json").get("num_layers").intValue())
        .isEqualTo(1);
    assertThat(plan.files().get("text_encoder/config.json").get("torch_dtype").textValue())
        .isEqualTo("bfloat16");
    Set<String> names =
        plan.components().get(0).tensors().stream()
            .map(TensorSpec::name)
            .collect(Collectors.toSet());
    assertThat(names).contains("encoder.block.0.layer.0.layer_norm.weight");
    assertThat(names).noneMatch(name -> name.startsWith("encoder.block.1."));
    // A tensor that is larger than a file may be has one to itself.
    assertThat(plan.components().get(0).shards()).hasSameSizeAs(names);
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1", "31, 1, 1", "1, 25, 1", "1, 1, 0"})
  void rejectsWhatCannotBe(int layers, int textLayers, long shardBytes) {
    Changes changes =
        new Changes(
            Optional.empty(),
            Optional.of(layers),
            Optional.of(textLayers),
            Optional.of(shardBytes));

    assertThatThrownBy(() -> CheckpointPlan.of(PublishedModel.WAN_2_1_1_3B, changes))
        .hasMessageMatching(
            "layers of the transformer is (0|31); give 1 to 30"
                + "|layers of the text encoder is 25; give 1 to 24"
                + "|bytes of a shard is 0; give 1 or more");
  }

  private static Component component(PublishedModel model, Changes changes, String name) {
    return CheckpointPlan.of(model, changes).components().stream()
        .filter(component -> component.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
