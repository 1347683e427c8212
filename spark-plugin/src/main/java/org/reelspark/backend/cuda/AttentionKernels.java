package org.reelspark.backend.cuda;

import java.util.List;
import org.reelspark.tensor.DType;

/** Chooses the attention kernel for a chip, a precision and a type of tensors. */
final class AttentionKernels {
  private final KernelLibrary kernels;

  AttentionKernels(KernelLibrary kernels) {
    this.kernels = kernels;
  }

  /** How the rows of a launch are shared among its blocks. */
  enum Family {
    /** Hopper's own: as many blocks as the GPU holds take rows from a counter. */
    WGMMA("attention_wgmma"),
    /** A block for each row, on every supported chip. */
    MMA("attention_mma");

    private final String entryPrefix;

    Family(String entryPrefix) {
      this.entryPrefix = entryPrefix;
    }

    long blocks(long rows, int residentBlocks) {
      return switch (this) {
        case WGMMA -> Math.min(rows, residentBlocks);
        case MMA -> rows;
      };
    }
  }

  /**
   * A kernel and the operands that it wants.
   *
   * @param kernelDimension to which heads are padded
   */
  record Choice(Family family, OperandFormat operands, int kernelDimension, Kernel kernel) {}

  private record Candidate(Family family, OperandFormat operands) {}

  /**
   * The fastest kernel that the chip has.
   *
   * @param type of the tensors; F32 is computed in bf16, which has its range
   * @param dimension of the kernel, 64 or 128
   * @throws org.reelspark.error.ReelsparkException BACKEND_UNAVAILABLE when there is none
   */
  Choice choose(AttentionPrecision precision, DType type, int dimension) {
    List<String> entries = entries(precision, type, dimension);
    Kernel kernel = kernels.firstOf(entries);
    Candidate chosen = candidates(precision, type).get(entries.indexOf(kernel.entry().name()));
    return new Choice(chosen.family, chosen.operands, dimension, kernel);
  }

  /** Names of the kernels that would do, in order of preference. */
  static List<String> entries(AttentionPrecision precision, DType type, int dimension) {
    return candidates(precision, type).stream()
        .map(candidate -> entry(candidate, type, dimension))
        .toList();
  }

  /** In order of preference. */
  private static List<Candidate> candidates(AttentionPrecision precision, DType type) {
    return switch (precision) {
      case EIGHT_BIT ->
          List.of(
              new Candidate(Family.WGMMA, OperandFormat.INT8_E4M3),
              new Candidate(Family.MMA, OperandFormat.INT8_E4M3),
              new Candidate(Family.MMA, OperandFormat.INT8_F16));
      case SIXTEEN_BIT -> {
        OperandFormat format = type == DType.F16 ? OperandFormat.F16 : OperandFormat.BF16;
        yield List.of(new Candidate(Family.WGMMA, format), new Candidate(Family.MMA, format));
      }
    };
  }

  private static String entry(Candidate candidate, DType type, int dimension) {
    String output = candidate.operands.isScaled() ? "_to_" + EntryName.of(outputType(type)) : "";
    return "%s_%s%s_d%d"
        .formatted(candidate.family.entryPrefix, candidate.operands.entryPart(), output, dimension);
  }

  /** What a kernel writes for tensors of a type. */
  static DType outputType(DType type) {
    return type == DType.F16 ? DType.F16 : DType.BF16;
  }
}
