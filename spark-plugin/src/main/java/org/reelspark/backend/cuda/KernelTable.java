package org.reelspark.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * What the jar knows of its CUDA kernels: {@code /kernels/kernels.properties}, which the native
 * build writes.
 *
 * @param architectures that some kernel has machine code for, such as {@code sm_90a}
 * @param ptx virtual architecture of the PTX, such as {@code compute_80}
 * @param cuda version of the compiler
 */
record KernelTable(
    List<String> architectures, String ptx, CudaVersion cuda, Map<String, Entry> entries) {
  private static final String RESOURCE = "/kernels/kernels.properties";
  private static final String PTX_DIRECTORY = "ptx";

  /**
   * An entry point.
   *
   * @param architectures of its images, {@code ptx} among them when there is PTX
   * @param threads of a block
   * @param sharedBytes dynamic shared memory of a block
   */
  record Entry(
      String name, String module, List<String> architectures, int threads, int sharedBytes) {}

  /** A compiled module for one architecture. */
  record Image(String architecture, String module) {
    boolean isPtx() {
      return architecture.equals(PTX_DIRECTORY);
    }

    String resource() {
      return "/kernels/%s/%s.%s".formatted(architecture, module, isPtx() ? "ptx" : "cubin");
    }
  }

  /**
   * The table in this jar.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE when the kernels were left out at build time
   */
  static KernelTable ofJar() {
    try (InputStream stream = KernelTable.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new ReelsparkException(
            ErrorCode.BACKEND_UNAVAILABLE,
            "this jar was built without CUDA kernels (%s is missing); build it where CMake, a C++ compiler and nvcc can be had, or use the CPU backend"
                .formatted(RESOURCE));
      }
      Properties properties = new Properties();
      properties.load(stream);
      return parse(properties);
    } catch (IOException e) {
      throw invalid("cannot be read", e);
    }
  }

  /**
   * @throws ReelsparkException BACKEND_UNAVAILABLE when a row is missing or no number
   */
  static KernelTable parse(Properties properties) {
    try {
      Map<String, Entry> entries = new LinkedHashMap<>();
      for (String name : list(properties, "entries")) {
        entries.put(
            name,
            new Entry(
                name,
                value(properties, name + ".module"),
                list(properties, name + ".architectures"),
                Integer.parseInt(value(properties, name + ".threads")),
                Integer.parseInt(value(properties, name + ".sharedBytes"))));
      }
      return new KernelTable(
          list(properties, "architectures"),
          value(properties, "ptx"),
          CudaVersion.parse(value(properties, "cuda")),
          Map.copyOf(entries));
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage(), e);
    }
  }

  /** An entry with the image that a GPU runs it from. */
  record Match(Entry entry, Image image) {}

  /** The first of several entries, in order of preference, that has an image for a GPU. */
  Optional<Match> first(List<String> names, ComputeCapability capability) {
    return names.stream()
        .map(entries::get)
        .filter(Objects::nonNull)
        .flatMap(
            entry -> imageFor(entry, capability).map(image -> new Match(entry, image)).stream())
        .findFirst();
  }

  /** The image of an entry that a GPU runs best, or nothing when it has none. */
  Optional<Image> imageFor(Entry entry, ComputeCapability capability) {
    return entry.architectures().stream()
        .filter(architecture -> runs(architecture, capability))
        .max(Comparator.comparingInt(KernelTable::rank))
        .map(architecture -> new Image(architecture, entry.module()));
  }

  private boolean runs(String architecture, ComputeCapability capability) {
    return architecture.equals(PTX_DIRECTORY)
        ? capability.runsPtx(ptx)
        : capability.runsCubin(architecture);
  }

  /** Machine code before PTX, newer before older, and of one age what is for the chip alone. */
  private static int rank(String architecture) {
    if (architecture.equals(PTX_DIRECTORY)) {
      return 0;
    }
    int number = Integer.parseInt(architecture.replaceAll("\\D", ""));
    return 2 * number + (architecture.endsWith("a") ? 1 : 0);
  }

  /**
   * @throws ReelsparkException BACKEND_UNAVAILABLE when the driver is older than the compiler of
   *     this image
   */
  void checkDriver(Image image, CudaVersion driver) {
    // Machine code runs on every driver of the same major version; PTX may use what its minor
    // version brought.
    CudaVersion needed = image.isPtx() ? cuda : new CudaVersion(cuda.major(), 0);
    if (driver.compareTo(needed) < 0) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "the NVIDIA driver supports CUDA %s, these kernels need %s; update the driver, or use the CPU backend"
              .formatted(driver, needed));
    }
  }

  private static List<String> list(Properties properties, String key) {
    return List.of(value(properties, key).split(",", -1));
  }

  private static String value(Properties properties, String key) {
    String value = properties.getProperty(key);
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException("has no " + key);
    }
    return value.strip();
  }

  private static ReelsparkException invalid(String what, Exception cause) {
    return new ReelsparkException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "the kernel table %s of this jar is damaged: %s; build the jar again"
            .formatted(RESOURCE, what),
        cause);
  }
}
