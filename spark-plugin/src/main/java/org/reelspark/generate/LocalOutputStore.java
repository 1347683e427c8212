package org.reelspark.generate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** An output directory that {@code java.nio} reaches. */
public final class LocalOutputStore implements OutputStore {
  private final Path root;

  public LocalOutputStore(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  @Override
  public String uri(String path) {
    return root.resolve(path).toUri().toString();
  }

  @Override
  public Optional<byte[]> read(String path) {
    try {
      return Optional.of(Files.readAllBytes(root.resolve(path)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", root.resolve(path), e);
    }
  }

  @Override
  public Optional<InputStream> open(String path) {
    try {
      return Optional.of(Files.newInputStream(root.resolve(path)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", root.resolve(path), e);
    }
  }

  @Override
  public OptionalLong byteSize(String path) {
    try {
      return OptionalLong.of(Files.size(root.resolve(path)));
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    } catch (IOException e) {
      throw failed("read", root.resolve(path), e);
    }
  }

  @Override
  public void write(String path, FileContent content) {
    Path target = root.resolve(path);
    Path temporary =
        target.resolveSibling(".%s.%s.tmp".formatted(target.getFileName(), UUID.randomUUID()));
    try {
      Files.createDirectories(target.getParent());
      try {
        writeDurably(temporary, content);
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (AccessDeniedException
        | FileAlreadyExistsException
        | NotDirectoryException
        | ReadOnlyFileSystemException e) {
      throw unwritable(e);
    } catch (IOException e) {
      if (isFull(content.byteSize())) {
        throw full(target, content.byteSize(), e);
      }
      throw failed("write", target, e);
    }
  }

  @Override
  public void delete(String path) {
    try {
      Files.deleteIfExists(root.resolve(path));
    } catch (IOException e) {
      throw failed("delete", root.resolve(path), e);
    }
  }

  private static void writeDurably(Path file, FileContent content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.writeTo(Channels.newOutputStream(channel));
      channel.force(true);
    }
  }

  private boolean isFull(long neededBytes) {
    try {
      return Files.getFileStore(root).getUsableSpace() < neededBytes;
    } catch (IOException e) {
      return false;
    }
  }

  private ReelsparkException full(Path target, long bytes, IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "disk full: no space for the %d bytes of %s; free space and run again, finished videos are kept"
            .formatted(bytes, target),
        cause);
  }

  private ReelsparkException unwritable(Exception cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_UNWRITABLE,
        "cannot write to output directory %s (%s); choose a directory that this user can create and write"
            .formatted(root, cause),
        cause);
  }

  private static ReelsparkException failed(String action, Path file, IOException cause) {
    return new ReelsparkException(
        ErrorCode.OUTPUT_FAILED, "cannot %s %s (%s)".formatted(action, file, cause), cause);
  }
}
