package org.reelspark.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stops each process before it writes one checkpoint too many to an output, until released: tests
 * then disturb it in the middle of a clip, however fast or slow the machine is.
 *
 * <p>Processes see it by files beside the output, through {@link HeldFileSystem}.
 */
record Hold(Path output) {
  private static final Map<Path, AtomicInteger> WRITTEN = new ConcurrentHashMap<>();
  private static final long POLL_MILLIS = 10;

  /**
   * @param checkpoints that each process may write
   */
  static Hold after(int checkpoints, Path output) throws IOException {
    Hold hold = new Hold(output);
    Files.createDirectories(output);
    Files.createDirectories(hold.processes());
    Files.writeString(hold.limit(), Integer.toString(checkpoints));
    return hold;
  }

  private Path limit() {
    return output.resolveSibling(output.getFileName() + ".limit");
  }

  /** Of files named by the key of the video that a process stopped at, with its id. */
  private Path processes() {
    return output.resolveSibling(output.getFileName() + ".held");
  }

  /** Lets all processes go on. */
  void release() throws IOException {
    Files.delete(limit());
  }

  /** The process that stopped at a video. */
  Optional<ProcessHandle> process(String key) {
    try {
      long id = Long.parseLong(Files.readString(processes().resolve(key)));
      return ProcessHandle.of(id);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until a process has stopped at one of these videos. */
  String await(List<String> keys, CompletableFuture<?> job) throws InterruptedException {
    Await.until(
        () -> keys.stream().anyMatch(key -> process(key).isPresent()),
        () -> "no process stopped at any of " + keys,
        job);
    return keys.stream().filter(key -> process(key).isPresent()).findFirst().orElseThrow();
  }

  /** Counts a checkpoint that this process is about to write, and stops if it is one too many. */
  void pass(String key) throws IOException {
    int count = WRITTEN.computeIfAbsent(output, any -> new AtomicInteger()).incrementAndGet();
    try {
      if (count <= Integer.parseInt(Files.readString(limit()))) {
        return;
      }
      String id = Long.toString(ProcessHandle.current().pid());
      Path written = Files.writeString(processes().resolve(id), id);
      Files.move(written, processes().resolve(key), StandardCopyOption.ATOMIC_MOVE);
      while (Files.exists(limit())) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (NoSuchFileException e) {
      // Released, or never held.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
