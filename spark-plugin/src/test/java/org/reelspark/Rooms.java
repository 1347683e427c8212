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
   */
  record Room(String name, String owns, Set<String> uses, Set<String> libraries) {
    String packageName() {
      return ROOT + "." + name;
    }

    boolean holds(JavaClass javaClass) {
      return javaClass.getPackageName().equals(packageName());
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
          "com.fasterxml.jackson");

  private static final Set<String> OPERATIONS = Set.of("backend", "attention", "tensor", "error");
  private static final Set<String> MODEL = with(OPERATIONS, "model");
  private static final Set<String> FAMILY =
      with(MODEL, "model.checkpoint", "model.schedule", "model.text");
  private static final Set<String> GENERATE = with(MODEL, "model.registry", "video");

  static final List<Room> ALL =
      List.of(
          new Room("error", "the one exception and its codes", Set.of(), Set.of()),
          new Room(
              "tensor",
              "shapes, types, off-heap memory with owners",
              Set.of("error"),
              Set.of("org.bytedeco.javacpp")),
          new Room(
              "attention",
              "parameters, profiles, token orders, the reference of sparse attention, the tuner's"
                  + " search",
              Set.of("tensor", "error"),
              Set.of("com.fasterxml.jackson")),
          new Room(
              "backend",
              "the operations a model needs, as interfaces",
              Set.of("attention", "tensor", "error"),
              Set.of()),
          new Room(
              "backend.cpu",
              "the operations on all cores of a CPU",
              OPERATIONS,
              Set.of("org.bytedeco.javacpp", "org.bytedeco.openblas", "jdk.incubator.vector")),
          new Room("model", "what every video model offers and needs", OPERATIONS, Set.of()),
          new Room(
              "model.checkpoint",
              "directories in diffusers layout: configuration, safetensors, digest",
              MODEL,
              Set.of("com.fasterxml.jackson")),
          new Room(
              "model.schedule",
              "samplers and their noise",
              with(MODEL, "model.checkpoint"),
              Set.of()),
          new Room(
              "model.text",
              "prompt cleaning, tokenizer, text encoders",
              with(MODEL, "model.checkpoint"),
              Set.of("ai.djl", "org.jsoup")),
          new Room("model.wan", "the Wan transformer, VAE decoder and pipeline", FAMILY, Set.of()),
          new Room(
              "model.registry",
              "from a model directory to a loaded model",
              with(FAMILY, "model.wan"),
              Set.of()),
          new Room(
              "video",
              "frames to MP4, GIF, WebP, PNG",
              Set.of("tensor", "error"),
              Set.of("org.bytedeco.javacpp", "org.bytedeco.ffmpeg")),
          new Room(
              "generate",
              "requests to results: the one runner, content keys, output",
              GENERATE,
              Set.of("com.fasterxml.jackson")),
          new Room(
              "spark",
              "plugin, configuration, SQL functions, datasets",
              with(GENERATE, "generate", "backend.cpu"),
              Set.of("org.apache.spark", "org.apache.hadoop", "scala", "com.fasterxml.jackson")));

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
    lines.add("what its row names; no two packages use each other in a circle.");
    lines.add("");
    lines.add("| package | owns | may use | guarded libraries |");
    lines.add("|---|---|---|---|");
    for (Room room : ALL) {
      lines.add(
          "| `%s` | %s | %s | %s |"
              .formatted(room.name(), room.owns(), names(room.uses()), names(room.libraries())));
    }
    return String.join("\n", lines) + "\n";
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
