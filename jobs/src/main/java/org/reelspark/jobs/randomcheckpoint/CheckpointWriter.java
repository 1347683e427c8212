package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.jobs.randomcheckpoint.Component.Shard;

/**
 * Writes a planned checkpoint. What makes a directory a checkpoint, {@code model_index.json}, comes
 * last, so that one left unfinished is never taken for one.
 */
public final class CheckpointWriter {
  private static final String INDEX = "model_index.json";

  /** Headers of the weights and the JSON files take much less. */
  private static final long OVERHEAD_BYTES = 16 << 20;

  private final CheckpointPlan plan;
  private final SafetensorsWriter weights;
  private final Consumer<String> progress;

  /**
   * @param progress takes a line for each file of weights
   */
  public CheckpointWriter(CheckpointPlan plan, long seed, Consumer<String> progress) {
    this.plan = plan;
    this.weights = new SafetensorsWriter(seed);
    this.progress = progress;
  }

  /**
   * Writes into a directory that is empty or does not exist yet. When that fails, it is left empty.
   *
   * @throws ReelsparkException OUTPUT_UNWRITABLE when the directory holds something, when the disk
   *     has too little space, or when writing fails
   */
  public void write(Path directory) {
    try {
      Files.createDirectories(directory);
      requireEmpty(directory);
      requireSpace(
          directory, plan.bytes() + OVERHEAD_BYTES, Files.getFileStore(directory).getUsableSpace());
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
    try {
      writeAll(directory);
    } catch (IOException e) {
      empty(directory, e);
      throw unwritable(directory, e);
    } catch (RuntimeException | Error e) {
      empty(directory, e);
      throw e;
    }
  }

  private static void requireEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      entries
          .findAny()
          .ifPresent(
              entry -> {
                throw new ReelsparkException(
                    ErrorCode.OUTPUT_UNWRITABLE,
                    "%s is not empty, it holds %s; give a new or empty directory by --out"
                        .formatted(directory, entry.getFileName()));
              });
    }
  }

  static void requireSpace(Path directory, long needed, long free) {
    if (needed > free) {
      throw new ReelsparkException(
          ErrorCode.OUTPUT_UNWRITABLE,
          String.format(
              Locale.ROOT,
              "the checkpoint takes %,d bytes and the disk of %s has %,d free; choose another disk by --out, --dtype bf16, or fewer --layers and --text-layers",
              needed,
              directory,
              free));
    }
  }

  private void writeAll(Path directory) throws IOException {
    for (Component component : plan.components()) {
      writeWeights(Files.createDirectories(directory.resolve(component.name())), component);
    }
    for (Map.Entry<String, ObjectNode> file : plan.files().entrySet()) {
      if (!file.getKey().equals(INDEX)) {
        Path path = directory.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, JsonFiles.pretty(file.getValue()));
      }
    }
    Path unfinished = directory.resolve("." + INDEX + ".tmp");
    Files.write(unfinished, JsonFiles.pretty(plan.files().get(INDEX)));
    Files.move(unfinished, directory.resolve(INDEX), StandardCopyOption.ATOMIC_MOVE);
  }

  private void writeWeights(Path directory, Component component) throws IOException {
    List<Shard> shards = component.shards();
    for (Shard shard : shards) {
      progress.accept(component.name() + "/" + shard.fileName());
      weights.write(directory.resolve(shard.fileName()), component, shard);
    }
    if (shards.size() > 1) {
      Files.write(directory.resolve(component.indexFile()), JsonFiles.pretty(index(component)));
    }
  }

  private static ObjectNode index(Component component) {
    Map<String, String> fileOfTensor = new TreeMap<>();
    for (Shard shard : component.shards()) {
      shard.tensors().forEach(tensor -> fileOfTensor.put(tensor.name(), shard.fileName()));
    }
    ObjectNode index = JsonFiles.object();
    index.putObject("metadata").put("total_size", component.bytes());
    ObjectNode weightMap = index.putObject("weight_map");
    fileOfTensor.forEach(weightMap::put);
    return index;
  }

  /** The directory was empty before: all that it holds is unfinished work. */
  private static void empty(Path directory, Throwable cause) {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        if (!path.equals(directory)) {
          Files.delete(path);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      cause.addSuppressed(e);
    }
  }

  private static ReelsparkException unwritable(Path directory, IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot write a checkpoint to %s (%s); choose a directory that this user can create and write, with free space, by --out"
            .formatted(directory, cause),
        cause);
  }
}
