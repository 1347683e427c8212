package org.reelspark.jobs;

import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.backend.cuda.ActivationType;
import org.reelspark.backend.cuda.AttentionPrecision;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.backend.cuda.CudaOptions;
import org.reelspark.backend.cuda.LinearPrecision;
import picocli.CommandLine.Option;

/** The options that say what a program runs on: the processor unless a GPU is named. */
public final class ChosenDevice {
  private static final int NINE_TENTHS_OF_MEMORY = 0;

  @Option(
      names = "--device",
      paramLabel = "GPU",
      description = "Index, UUID or PCI address of a GPU; the processor when left out.")
  private String gpu;

  @Option(
      names = "--activations",
      defaultValue = "BF16",
      description = "Type of the transformer's activations on a GPU: ${COMPLETION-CANDIDATES}.")
  private ActivationType activations;

  @Option(
      names = "--attention-precision",
      defaultValue = "SIXTEEN_BIT",
      description = "Of self-attention on a GPU: ${COMPLETION-CANDIDATES}.")
  private AttentionPrecision precision;

  @Option(
      names = "--linear-precision",
      defaultValue = "SIXTEEN_BIT",
      description = "Of a transformer's large linear layers on a GPU: ${COMPLETION-CANDIDATES}.")
  private LinearPrecision linearPrecision;

  /** A backend and what it computes on. */
  public static final class Opened implements AutoCloseable {
    private final Backend backend;
    private final CudaGpu gpu;

    /**
     * @param gpu null for the processor
     */
    private Opened(Backend backend, CudaGpu gpu) {
      this.backend = backend;
      this.gpu = gpu;
    }

    public Backend backend() {
      return backend;
    }

    @Override
    public void close() {
      try (CudaGpu closed = gpu) {
        backend.close();
      }
    }
  }

  /**
   * @throws org.reelspark.error.ReelsparkException without such a GPU
   */
  public Opened open() {
    if (gpu == null) {
      return new Opened(CpuBackend.create(CpuOptions.allProcessors()), null);
    }
    CudaGpu opened = CudaGpu.open(gpu);
    try {
      return new Opened(
          CudaBackend.create(
              opened,
              new CudaOptions(NINE_TENTHS_OF_MEMORY, activations, precision, linearPrecision)),
          opened);
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  /** As on the command line, for reports; empty for the processor. */
  public String arguments() {
    return gpu == null
        ? ""
        : " --device %s --activations %s --attention-precision %s --linear-precision %s"
            .formatted(gpu, activations, precision, linearPrecision);
  }
}
