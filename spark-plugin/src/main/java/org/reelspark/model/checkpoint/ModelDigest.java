package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.reelspark.attention.TunedProfile;

/**
 * Identifies a model by what it computes with: the JSON files of a checkpoint and the weights that
 * are loaded from it. Two files are left out: the attention profile, because it names the model
 * that it is for, and the generation defaults, because requests resolve them; of those, only the
 * length of prompts is part of the model.
 *
 * <p>The digest is SHA-256 over one line {@code NAME SIZE SHA256} per file, sorted by name, where
 * the name is relative to the checkpoint and uses slashes, and a last line {@code
 * max_sequence_length N}. Files are hashed in parallel.
 */
final class ModelDigest {
  private static final Set<String> LEFT_OUT =
      Set.of(TunedProfile.FILE_NAME, Checkpoint.GENERATION_DEFAULTS);

  private static final int BUFFER_BYTES = 1 << 20;

  private final DigestCache cache;

  ModelDigest(DigestCache cache) {
    this.cache = cache;
  }

  /** Lower-case hexadecimal digest of a checkpoint directory. */
  String of(Path checkpoint, int maxSequenceLength) {
    Map<String, String> lines = new ConcurrentHashMap<>();
    // A list, because a map's entries are dealt out unevenly, and then some wait for others.
    List.copyOf(files(checkpoint).entrySet()).parallelStream()
        .forEach(file -> lines.put(file.getKey(), line(file.getKey(), file.getValue())));
    MessageDigest digest = sha256();
    new TreeMap<>(lines).values().forEach(line -> digest.update(bytes(line)));
    digest.update(bytes("max_sequence_length " + maxSequenceLength + "\n"));
    return HexFormat.of().formatHex(digest.digest());
  }

  private String line(String name, Path file) {
    try {
      return name + " " + Files.size(file) + " " + cache.get(file, ModelDigest::hash) + "\n";
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file, e);
    }
  }

  private static byte[] bytes(String line) {
    return line.getBytes(StandardCharsets.UTF_8);
  }

  private static SortedMap<String, Path> files(Path checkpoint) {
    SortedMap<String, Path> files = new TreeMap<>();
    for (Path path : list(checkpoint)) {
      String name = path.getFileName().toString();
      if (Files.isDirectory(path)) {
        list(path).stream()
            .filter(ModelDigest::isJson)
            .forEach(file -> files.put(name + "/" + file.getFileName(), file));
        WeightFiles.find(path)
            .map(WeightFiles::filesOf)
            .orElse(List.of())
            .forEach(file -> files.put(name + "/" + file.getFileName(), file));
      } else if (isJson(path) && !LEFT_OUT.contains(name)) {
        files.put(name, path);
      }
    }
    return files;
  }

  private static List<Path> list(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.filter(path -> !path.getFileName().toString().startsWith(".")).toList();
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(directory, e);
    }
  }

  private static boolean isJson(Path path) {
    return path.getFileName().toString().endsWith(".json") && Files.isRegularFile(path);
  }

  private static String hash(Path file) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream content = Files.newInputStream(file)) {
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
