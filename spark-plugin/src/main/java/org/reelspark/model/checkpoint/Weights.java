package org.reelspark.model.checkpoint;

import static java.util.stream.Collectors.toCollection;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * The weights of one component, mapped from its safetensors files. Tensors are views of the files
 * in their stored type (F32, F16 or BF16): nothing is copied until a backend takes it. The mapping
 * ends when neither this object nor a tensor of it is reachable.
 *
 * <p>All errors are CHECKPOINT_INVALID and name the file and the tensor.
 */
public final class Weights {
  private static final int NAMES_IN_MESSAGE = 5;

  private final Path source;
  private final Map<String, SafetensorsFile> files;
  private final Set<String> used = ConcurrentHashMap.newKeySet();

  private Weights(Path source, Map<String, SafetensorsFile> files) {
    this.source = source;
    this.files = files;
  }

  /**
   * Opens the weights of a component directory such as {@code transformer/}: a single file or
   * shards, with or without a variant in the name.
   *
   * @throws ReelsparkException MODEL_NOT_FOUND when the directory holds no weights
   */
  public static Weights open(Path componentDirectory) {
    return new Weights(componentDirectory, WeightFiles.locate(componentDirectory));
  }

  /** Opens one safetensors file. */
  public static Weights ofFile(Path file) {
    SafetensorsFile opened = SafetensorsFile.open(file);
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    opened.entries().keySet().forEach(name -> files.put(name, opened));
    return new Weights(file, files);
  }

  public Set<String> names() {
    return Collections.unmodifiableSet(files.keySet());
  }

  public boolean contains(String name) {
    return files.containsKey(name);
  }

  public DType dtype(String name) {
    return entry(name).dtype();
  }

  public Shape shape(String name) {
    return entry(name).shape();
  }

  /** One line for logs: parameters and stored types. */
  String summary() {
    long parameters = files.keySet().stream().mapToLong(n -> shape(n).elementCount()).sum();
    Set<DType> types = files.keySet().stream().map(this::dtype).collect(toCollection(TreeSet::new));
    return "%,d parameters in %d tensors of %s".formatted(parameters, files.size(), types);
  }

  /**
   * One tensor in its stored type, in host memory. The caller closes it.
   *
   * @param sizes the shape that the tensor must have
   */
  public Tensor load(String name, long... sizes) {
    return file(name).read(checkedEntry(name, sizes));
  }

  /**
   * Some rows of a table, as a view: embeddings of large vocabularies are read row by row.
   *
   * @param from first row, inclusive
   * @param to last row, exclusive
   */
  public Tensor rows(String name, long from, long to) {
    return file(name).readRows(entry(name), from, to);
  }

  /** Checks the shape of a tensor that is not loaded as a whole, and counts it as used. */
  public void requireShape(String name, long... sizes) {
    checkedEntry(name, sizes);
  }

  /**
   * To be called when all is loaded.
   *
   * @param ignoredPrefixes names that may stay unused, such as {@code encoder.}
   * @throws ReelsparkException CHECKPOINT_INVALID when other tensors were never loaded: the
   *     checkpoint is of another architecture
   */
  public void rejectUnused(String... ignoredPrefixes) {
    Collection<String> unused = unused();
    unused.removeIf(name -> Arrays.stream(ignoredPrefixes).anyMatch(name::startsWith));
    if (!unused.isEmpty()) {
      throw CheckpointErrors.invalid(
          source,
          "has %d tensors that this model does not have: %s; the weights do not belong to config.json or to a model that is supported"
              .formatted(unused.size(), firstOf(unused)));
    }
  }

  private TensorEntry checkedEntry(String name, long... sizes) {
    TensorEntry entry = entry(name);
    // Sizes from a hostile configuration may be none that a Shape can have.
    if (!Arrays.equals(entry.shape().toArray(), sizes)) {
      throw CheckpointErrors.invalid(
          file(name).path(),
          "tensor '%s' is %s%s; expected the shape %s by config.json"
              .formatted(name, entry.dtype(), entry.shape(), Arrays.toString(sizes)));
    }
    used.add(name);
    return entry;
  }

  private TensorEntry entry(String name) {
    return file(name).entries().get(name);
  }

  private SafetensorsFile file(String name) {
    SafetensorsFile file = files.get(name);
    if (file == null) {
      Collection<String> unused = unused();
      throw CheckpointErrors.invalid(
          source,
          "lacks tensor '%s'; of its %d tensors %d are not used so far%s"
              .formatted(
                  name,
                  files.size(),
                  unused.size(),
                  unused.isEmpty() ? "" : ", such as " + firstOf(unused)));
    }
    return file;
  }

  private Collection<String> unused() {
    Collection<String> unused = new TreeSet<>(files.keySet());
    unused.removeAll(used);
    return unused;
  }

  private static String firstOf(Collection<String> names) {
    List<String> first = names.stream().limit(NAMES_IN_MESSAGE).toList();
    return String.join(", ", first) + (names.size() > first.size() ? ", ..." : "");
  }
}
