package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.Masking;
import org.reelspark.tensor.DType;

/** Structures against the bytes of the C++ ones, which a test of the kernels' build checks too. */
class LaunchArgumentsTest {
  private static final Path GOLDEN =
      Path.of("..", "native", "tests", "goldens", "launch_arguments.txt");

  @Test
  void attentionArgumentsAreThoseOfTheKernels() throws IOException {
    long first = 0x7f0000000000L;
    TokenView output =
        new TokenView(
            DType.BF16, first + 0xb00, 0, 0, 0, 0, 1000000000001L, 1000000000002L, 1000000000003L);
    AttentionArguments arguments =
        new AttentionArguments(
            new AttentionArguments.Operands(
                first + 0x100,
                first + 0x200,
                first + 0x300,
                first + 0x400,
                first + 0x500,
                first + 0x600),
            new AttentionArguments.Selection(
                first + 0x700, first + 0x800, first + 0x900, first + 0xa00),
            new AttentionArguments.Results(
                output, first + 0xc00, first + 0xd00, first + 0xe00, first + 0xf00, first + 0x1000),
            new AttentionArguments.Sizes(
                1000000000004L, 1000000000005L, 101, 102, 103, 104, Masking.CAUSAL),
            0.125f);

    assertThat(hex(arguments.pack())).isEqualTo(golden("AttentionArguments"));
  }

  private static String golden(String name) throws IOException {
    return Files.readAllLines(GOLDEN).stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow();
  }

  private static String hex(ByteBuffer bytes) {
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    return HexFormat.of().formatHex(content);
  }
}
