package org.reelspark;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The rooms of the house: every package of the plugin, what it owns, and all that it may use.
 * {@link ArchitectureTest} holds the code to this table and {@code docs/design/packages.md} shows
 * it.
 */
final class Rooms {
  private static final String ROOT = "org.reelspark";

  /**
   * One package.
   *
   * @param name without the common prefix
   * @param owns what lives in it, for the reader of the table
   * @param uses names of the other rooms that its classes may refer to
   * @param libraries package prefixes of the guarded libraries that its classes may refer to
   * @param face its public types, where all others are its own affair; empty for a room of values
   *     and interfaces that is open as a whole
   */
  record Room(String name, String owns, Set<String> uses, Set<String> libraries, Set<String> face) {
    String packageName() {
      return ROOT + "." + name;
    }

    boolean holds(JavaClass javaClass) {
      return javaClass.getPackageName().equals(packageName());
    }

    Room using(Set<String> rooms) {
      return new Room(name, owns, rooms, libraries, face);
    }

    Room touching(String... libraries) {
      return new Room(name, owns, uses, Set.of(libraries), face);
    }

    Room offering(String... types) {
      return new Room(name, owns, uses, libraries, Set.of(types));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Libraries that only the rooms naming them may touch. */
  static final List<String> GUARDED_LIBRARIES =
      List.of(
          "org.apache.spark",
          "org.apache.hadoop",
          "scala",
          "ai.djl",
          "org.jsoup",
          "org.bytedeco.ffmpeg",
          "org.bytedeco.openblas",
          "org.bytedeco.javacpp",
          "jdk.incubator.vector",
          "jcuda",
          "ai.rapids",
          "com.nvidia",
          "com.fasterxml.jackson");

  private static final Set<String> OPERATIONS = Set.of("backend", "attention", "tensor", "error");
  private static final Set<String> MODEL = with(OPERATIONS, "model");
  private static final Set<String> FAMILY =
      with(MODEL, "model.checkpoint", "model.schedule", "model.text");
  private static final Set<String> GENERATE = with(MODEL, "model.registry", "video");

  static final List<Room> ALL =
      List.of(
          room("error", "the one exception and its codes"),
          room("tensor", "shapes, types, off-heap memory with owners")
              .using(Set.of("error"))
              .touching("org.bytedeco.javacpp"),
          room(
                  "attention",
                  "parameters, profiles, token orders, the reference of sparse attention, the"
                      + " tuner's search")
              .using(Set.of("tensor", "error"))
              .touching("com.fasterxml.jackson"),
          room("backend", "the operations a model needs, as interfaces")
              .using(Set.of("attention", "tensor", "error")),
          room("backend.cpu", "the operations on all cores of a CPU")
              .using(OPERATIONS)
              .touching("org.bytedeco.javacpp", "org.bytedeco.openblas", "jdk.incubator.vector")
              .offering("CpuBackend", "CpuOptions", "BlasPeak"),
          room(
                  "backend.cuda",
                  "the operations on an NVIDIA GPU, by the driver's own interface and cuBLASLt")
              .using(OPERATIONS)
              .touching("jcuda")
              .offering(
                  "CudaGpu",
                  "CudaBackend",
                  "CudaOptions",
                  "ActivationType",
                  "AttentionPrecision",
                  "LinearPrecision",
                  "OperationClock",
                  "OperationWork"),
          room("model", "what every video model offers and needs").using(OPERATIONS),
          room(
                  "model.checkpoint",
                  "directories in diffusers layout: configuration, safetensors, digest")
              .using(MODEL)
              .touching("com.fasterxml.jackson")
              .offering("Checkpoint", "Weights", "BackendWeights", "JsonConfig"),
          room("model.schedule", "samplers and their noise").using(with(MODEL, "model.checkpoint")),
          room("model.text", "prompt cleaning, tokenizer, text encoders")
              .using(with(MODEL, "model.checkpoint"))
              .touching("ai.djl", "org.jsoup")
              .offering("TextEncoder"),
          room("model.wan", "the Wan transformer, VAE decoder and pipeline")
              .using(FAMILY)
              .offering("WanModel"),
          room("model.registry", "from a model directory to a loaded model")
              .using(with(FAMILY, "model.wan"))
              .offering("VideoModels"),
          room("video", "frames to MP4, GIF, WebP, PNG")
              .using(Set.of("tensor", "error"))
              .touching("org.bytedeco.javacpp", "org.bytedeco.ffmpeg")
              .offering("Frames", "VideoFormat", "VideoEncoder", "ContactSheet"),
          room("generate", "requests to results: the one runner, content keys, output")
              .using(GENERATE)
              .touching("com.fasterxml.jackson"),
          room("spark.rapids", "functions over columns, for the RAPIDS accelerator")
              .using(OPERATIONS)
              .touching("ai.rapids", "com.nvidia", "scala")
              .offering("RapidsFunctions", "SparseAttention"),
          room("spark", "plugin, configuration, SQL functions, datasets")
              .using(with(GENERATE, "generate", "backend.cpu", "backend.cuda", "spark.rapids"))
              .touching("org.apache.spark", "org.apache.hadoop", "scala", "com.fasterxml.jackson")
              .offering(
                  "ReelsparkPlugin",
                  "ReelsparkExtensions",
                  "ReelsparkDataSource",
                  "Reelspark",
                  "VideoGenerator",
                  "GeneratingTask",
                  "GenerationProgress",
                  "GpuDiscovery"));

  private Rooms() {}

  /** The table as a Markdown page. */
  static String page() {
    List<String> lines = new ArrayList<>();
    lines.add("# Packages of the plugin");
    lines.add("");
    lines.add(
        "Written by `ArchitectureTest`, which fails when the code or this page departs from it.");
    lines.add(
        "Every name is below `org.reelspark`. A package uses itself, the JDK, SLF4J, and only");
    lines.add(
        "what its row names; no two packages use each other in a circle. Where the last column");
    lines.add("names types, all others of the package are closed.");
    lines.add("");
    lines.add("| package | owns | may use | guarded libraries | public types |");
    lines.add("|---|---|---|---|---|");
    for (Room room : ALL) {
      List<String> cells =
          List.of(
              "`" + room.name() + "`",
              room.owns(),
              names(room.uses()),
              names(room.libraries()),
              names(room.face()));
      lines.add("| " + String.join(" | ", cells) + " |");
    }
    return String.join("\n", lines) + "\n";
  }

  private static Room room(String name, String owns) {
    return new Room(name, owns, Set.of(), Set.of(), Set.of());
  }

  private static String names(Set<String> names) {
    return String.join(", ", names.stream().sorted().map(name -> "`" + name + "`").toList());
  }

  private static Set<String> with(Set<String> rooms, String... more) {
    List<String> all = new ArrayList<>(rooms);
    all.addAll(List.of(more));
    return Set.copyOf(all);
  }
}
