package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.attention.AttentionSink;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.Masking;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;

/** Structures against the bytes of the C++ ones, which a test of the kernels' build checks too. */
class LaunchArgumentsTest {
  private static final Path GOLDEN =
      Path.of("..", "native", "tests", "goldens", "launch_arguments.txt");

  @Test
  void attentionArgumentsAreThoseOfTheKernels() throws IOException {
    long first = 0x7f0000000000L;
    TokenView output = view(first + 0xb00, 1000000000001L);
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

  @Test
  void preparationArgumentsAreThoseOfTheKernels() throws IOException {
    long first = 0x7f0000000000L;
    PreparationArguments arguments =
        new PreparationArguments(
            new PreparationArguments.Inputs(
                view(first + 0x100, 1000000000001L),
                view(first + 0x200, 1000000000004L),
                view(first + 0x300, 1000000000007L),
                first + 0x400,
                first + 0x500,
                first + 0x600),
            new AttentionArguments.Operands(
                first + 0x700,
                first + 0x800,
                first + 0x900,
                first + 0xa00,
                first + 0xb00,
                first + 0xc00),
            new PreparationArguments.Selection(
                first + 0xd00, first + 0xe00, first + 0xf00, first + 0x1000, first + 0x1100),
            first + 0x1200,
            new PreparationArguments.Sizes(
                1000000000010L,
                1000000000011L,
                1000000000012L,
                101,
                102,
                103,
                104,
                105,
                Masking.CAUSAL,
                AttentionSink.FIRST_BLOCK,
                0.125f));

    assertThat(hex(arguments.pack())).isEqualTo(golden("PreparationArguments"));
  }

  @Test
  void headTablesAreThoseOfTheKernels() throws IOException {
    List<HeadParameters> heads =
        List.of(
            HeadParameters.DENSE,
            new HeadParameters(new BlockSelection.TopCdf(0.75f), 0.5f, 8),
            new HeadParameters(new BlockSelection.TopK(0.25f), 0.125f, 6.5f));
    ByteBuffer bytes = LaunchArguments.structure(HeadTables.byteSize(heads.size()));

    HeadTables.write(heads, bytes);

    assertThat(hex(bytes.flip())).isEqualTo(golden("HeadTable"));
  }

  @Test
  void combinationsAreThoseOfTheKernels() throws IOException {
    long first = 0x7f0000000000L;
    long[] terms = new long[5];
    float[] coefficients = new float[5];
    for (int i = 0; i < terms.length; i++) {
      terms[i] = first + 0x100 * (i + 1L);
      coefficients[i] = 0.5f + i;
    }
    // The kernels do not look at what is past the count.
    String expected = golden("Combination");
    String actual = hex(CudaElementwise.combination(terms, coefficients));

    assertThat(actual.substring(0, 80)).isEqualTo(expected.substring(0, 80));
    assertThat(actual.substring(96, 136)).isEqualTo(expected.substring(96, 136));
    assertThat(actual.substring(144)).isEqualTo(expected.substring(144));
  }

  @Test
  void patchGridsAreThoseOfTheKernels() throws IOException {
    ByteBuffer grid = CudaTokens.patchGrid(Shape.of(101, 102, 103, 104), new int[] {105, 106, 107});

    assertThat(hex(grid)).isEqualTo(golden("PatchGrid"));
  }

  @Test
  void convolutionArgumentsAreThoseOfTheKernels() throws IOException {
    long first = 0x7f0000000000L;
    ConvolutionArguments arguments =
        new ConvolutionArguments(
            new ConvolutionArguments.Addresses(
                first + 0x100,
                first + 0x200,
                first + 0x300,
                first + 0x400,
                first + 0x500,
                first + 0x600),
            new ConvolutionArguments.Input(101, 102, 103, 104, 106),
            new ConvolutionArguments.KernelSize(105, 107, 108, 109, 1));

    assertThat(hex(arguments.pack())).isEqualTo(golden("ConvolutionArguments"));
  }

  static List<String> convolutions() throws IOException {
    return rows("ConvolutionGrid");
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void convolutionGridsAreThoseOfTheKernels(String row) {
    long[] numbers = Arrays.stream(row.split(" ")).mapToLong(Long::parseLong).toArray();
    long pixels = numbers[0] * (numbers[1] << numbers[4]) * (numbers[2] << numbers[4]);

    assertThat(CudaConvolution.grid(pixels, (int) numbers[3], (int) numbers[5]))
        .isEqualTo(numbers[6]);
  }

  static List<String> sizes() throws IOException {
    return rows("PreparationSize");
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void gridsAndScratchMemoryAreThoseOfTheKernels(String row) {
    long[] numbers = Arrays.stream(row.split(" ")).mapToLong(Long::parseLong).toArray();
    PreparationSize size =
        new PreparationSize(
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], (int) numbers[5]);

    assertThat(
            List.of(
                size.rows(),
                size.prepareTiles(),
                size.selectGrid(),
                (long) size.selectSharedBytes(),
                size.orderGrid((int) numbers[6]),
                size.scratch().cleared(),
                size.scratch().bytes()))
        .isEqualTo(Arrays.stream(numbers, 7, numbers.length).boxed().toList());
  }

  private static TokenView view(long address, long batchStride) {
    return new TokenView(
        DType.BF16, address, 0, 0, 0, 0, batchStride, batchStride + 1, batchStride + 2);
  }

  private static String golden(String name) throws IOException {
    return rows(name).get(0);
  }

  /** What follows a name in the golden file. */
  private static List<String> rows(String name) throws IOException {
    return Files.readAllLines(GOLDEN).stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1))
        .toList();
  }

  private static String hex(ByteBuffer bytes) {
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    return HexFormat.of().formatHex(content);
  }
}
