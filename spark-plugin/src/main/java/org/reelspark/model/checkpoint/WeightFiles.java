package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * Finds the weights of a component directory by the names that diffusers and transformers give
 * them: {@code diffusion_pytorch_model} or {@code model}, then an optional variant such as {@code
 * .bf16}, then {@code .safetensors}; or the same in shards, listed by {@code
 * NAME.safetensors.index[.VARIANT].json}. Files without a variant win over {@code bf16}, that over
 * {@code fp16}, and a single file over shards.
 */
final class WeightFiles {
  private static final Pattern WEIGHTS =
      Pattern.compile(
          "(?:diffusion_pytorch_model|model)"
              + "(?:(?:\\.(?<variant>\\w+))?\\.safetensors"
              + "|\\.safetensors\\.index(?:\\.(?<indexVariant>\\w+))?\\.json)");

  /** A plain file name, so that an index cannot point out of its directory. */
  private static final Pattern SHARD = Pattern.compile("\\w[\\w.+-]*\\.safetensors");

  private static final List<String> VARIANTS = List.of("", "bf16", "fp16");

  private WeightFiles() {}

  /**
   * The tensors of a component and the file of each; a file without index gives all of its own.
   *
   * @throws ReelsparkException MODEL_NOT_FOUND when there are no weights, CHECKPOINT_INVALID
   */
  static Map<String, SafetensorsFile> locate(Path directory) {
    Path chosen = find(directory).orElseThrow(() -> noWeights(directory));
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    if (chosen.toString().endsWith(".json")) {
      locateShards(chosen, files);
    } else {
      SafetensorsFile file = SafetensorsFile.open(chosen);
      file.entries().keySet().forEach(name -> files.put(name, file));
    }
    return files;
  }

  /** The index when the weights are in shards, else the one file of weights. */
  static Optional<Path> find(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> WEIGHTS.matcher(file.getFileName().toString()).matches())
          .min(Comparator.comparingInt(WeightFiles::preference).thenComparing(Path::toString));
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(directory, e);
    }
  }

  /** The files of weights behind what {@link #find} found. */
  static List<Path> filesOf(Path chosen) {
    return chosen.toString().endsWith(".json")
        ? new TreeSet<>(weightMap(chosen).values()).stream().map(chosen::resolveSibling).toList()
        : List.of(chosen);
  }

  private static void locateShards(Path index, Map<String, SafetensorsFile> files) {
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    weightMap(index)
        .forEach(
            (tensor, shardName) -> {
              SafetensorsFile shard =
                  shards.computeIfAbsent(
                      shardName, name -> SafetensorsFile.open(index.resolveSibling(name)));
              if (!shard.entries().containsKey(tensor)) {
                throw CheckpointErrors.invalid(
                    shard.path(),
                    "lacks tensor '%s', which %s places there"
                        .formatted(tensor, index.getFileName()));
              }
              files.put(tensor, shard);
            });
  }

  private static SortedMap<String, String> weightMap(Path index) {
    SortedMap<String, String> weightMap = JsonConfig.read(index).textMap("weight_map");
    if (weightMap.isEmpty()) {
      throw CheckpointErrors.invalid(index, "key 'weight_map' is empty; expected tensor names");
    }
    for (String shard : new TreeSet<>(weightMap.values())) {
      if (!SHARD.matcher(shard).matches()) {
        throw CheckpointErrors.invalid(
            index,
            "names the shard '%s'; expected the name of a .safetensors file in the same directory"
                .formatted(shard));
      }
      if (!Files.isRegularFile(index.resolveSibling(shard))) {
        throw CheckpointErrors.invalid(
            index, "names the shard '%s', which is missing; fetch it".formatted(shard));
      }
    }
    return weightMap;
  }

  private static int preference(Path file) {
    Matcher matcher = WEIGHTS.matcher(file.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no file of weights: " + file);
    }
    boolean isIndex = file.toString().endsWith(".json");
    String variant = matcher.group(isIndex ? "indexVariant" : "variant");
    int rank = VARIANTS.indexOf(variant == null ? "" : variant);
    return 2 * (rank < 0 ? VARIANTS.size() : rank) + (isIndex ? 1 : 0);
  }

  private static ReelsparkException noWeights(Path directory) {
    return new ReelsparkException(
        ErrorCode.MODEL_NOT_FOUND,
        "%s holds no weights; expected diffusion_pytorch_model.safetensors, model.safetensors, a variant such as .bf16.safetensors, or their .index.json (pickled .bin and .pth files are not read)"
            .formatted(directory));
  }
}
