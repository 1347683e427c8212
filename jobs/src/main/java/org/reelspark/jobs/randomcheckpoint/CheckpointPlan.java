package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;

/**
 * All that a checkpoint will hold.
 *
 * @param files JSON files by their path in the checkpoint
 */
public record CheckpointPlan(Map<String, ObjectNode> files, List<Component> components) {
  private static final String CONFIG = "/config.json";
  private static final String LAYERS = "num_layers";

  /**
   * What differs from the published checkpoint; all of it may be absent.
   *
   * @param type of all weights
   * @param layers of the transformer
   * @param textLayers of the text encoder
   * @param shardBytes the most bytes of tensors in one file
   */
  public record Changes(
      Optional<DType> type,
      Optional<Integer> layers,
      Optional<Integer> textLayers,
      Optional<Long> shardBytes) {
    public static final Changes NONE =
        new Changes(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * @throws ReelsparkException INVALID_OPTION for a number of layers or bytes that cannot be
   */
  public static CheckpointPlan of(PublishedModel model, Changes changes) {
    return of(model, model.files(), changes);
  }

  /** With other files than the model's own; they are changed. */
  static CheckpointPlan of(PublishedModel model, Map<String, ObjectNode> files, Changes changes) {
    long shardBytes = changes.shardBytes().orElse(model.shardBytes());
    if (shardBytes < 1) {
      throw invalid("bytes of a shard", shardBytes, "1 or more");
    }
    List<Component> components = new ArrayList<>();
    files.forEach(
        (path, config) -> {
          if (path.endsWith(CONFIG)) {
            String name = path.substring(0, path.length() - CONFIG.length());
            DType type = changes.type().orElse(model.types().of(name));
            components.add(
                new Component(name, type, tensors(name, config, type, changes), shardBytes));
          }
        });
    return new CheckpointPlan(files, List.copyOf(components));
  }

  private static List<TensorSpec> tensors(
      String component, ObjectNode config, DType type, Changes changes) {
    return switch (component) {
      case "text_encoder" -> {
        changes.textLayers().ifPresent(layers -> limitLayers(config, "text encoder", layers));
        config.put("torch_dtype", torchName(type));
        yield TextEncoderTensors.of(config);
      }
      case "transformer", "transformer_2" -> {
        changes.layers().ifPresent(layers -> limitLayers(config, "transformer", layers));
        yield TransformerTensors.of(config);
      }
      case "vae" -> VaeTensors.of(config);
      default -> throw new IllegalArgumentException("no component with weights: " + component);
    };
  }

  private static void limitLayers(ObjectNode config, String component, int layers) {
    int published = config.get(LAYERS).intValue();
    if (layers < 1 || layers > published) {
      throw invalid("layers of the " + component, layers, "1 to " + published);
    }
    config.put(LAYERS, layers);
  }

  private static String torchName(DType type) {
    return switch (type) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case F8_E4M3, I32, U8 -> throw new IllegalArgumentException("no type of weights: " + type);
    };
  }

  private static ReelsparkException invalid(String name, long found, String expected) {
    return new ReelsparkException(
        ErrorCode.INVALID_OPTION, "%s is %d; give %s".formatted(name, found, expected));
  }

  /** Bytes of all weights. */
  public long bytes() {
    return components.stream().mapToLong(Component::bytes).sum();
  }

  /** One line: parameters, files of weights, bytes. */
  public String summary() {
    long parameters =
        components.stream()
            .flatMap(component -> component.tensors().stream())
            .mapToLong(tensor -> tensor.shape().elementCount())
            .sum();
    int weightFiles = components.stream().mapToInt(component -> component.shards().size()).sum();
    return String.format(
        Locale.ROOT,
        "%.2f billion parameters in %d files, %.1f GB",
        parameters / 1e9,
        weightFiles,
        bytes() / 1e9);
  }
}
