package org.reelspark.spark;

import java.util.Optional;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.backend.cuda.CudaGpu;
import org.reelspark.backend.cuda.CudaOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * What an executor computes with, held for as long as the executor lives.
 *
 * @param name the same for every executor that ever has this device, as the driver counts failures
 *     by it: a GPU's UUID, else host and address
 * @param gpu none for the CPU
 */
record ExecutorDevice(String name, Optional<CudaGpu> gpu) implements AutoCloseable {
  /**
   * Opens the device that the configuration asks for.
   *
   * @param gpuAddress see {@link AssignedGpu#address}
   * @throws ReelsparkException INVALID_CONFIGURATION without an address or when no GPU has it,
   *     BACKEND_UNAVAILABLE without a driver
   */
  static ExecutorDevice open(
      ReelsparkConf conf, Optional<String> gpuAddress, String host, String executorId) {
    return switch (conf.value(ReelsparkConf.BACKEND)) {
      case CPU ->
          new ExecutorDevice(
              gpuAddress
                  .map(address -> "%s/gpu %s".formatted(host, address))
                  .orElse("%s/cpu of executor %s".formatted(host, executorId)),
              Optional.empty());
      case CUDA -> {
        CudaGpu gpu = CudaGpu.open(gpuAddress.orElseThrow(ExecutorDevice::noGpu));
        yield new ExecutorDevice(gpu.uuid(), Optional.of(gpu));
      }
    };
  }

  private static ReelsparkException noGpu() {
    return new ReelsparkException(
        ErrorCode.INVALID_CONFIGURATION,
        "Spark assigned no GPU to this executor; set spark.executor.resource.gpu.amount=1 and spark.task.resource.gpu.amount, or name a GPU with %s, or set %s=cpu"
            .formatted(ReelsparkConf.GPU_DEVICE.key(), ReelsparkConf.BACKEND.key()));
  }

  /**
   * @throws ReelsparkException BACKEND_UNAVAILABLE when a library that the device needs is missing,
   *     OUT_OF_MEMORY when less of a GPU is free than the configuration wants,
   *     INVALID_CONFIGURATION when it wants products that the GPU has not
   */
  Backend createBackend(ReelsparkConf conf) {
    if (gpu.isPresent()) {
      CudaOptions options =
          new CudaOptions(
              conf.value(ReelsparkConf.GPU_MEMORY),
              conf.value(ReelsparkConf.ACTIVATIONS),
              conf.value(ReelsparkConf.ATTENTION_PRECISION),
              conf.value(ReelsparkConf.LINEAR_PRECISION));
      return CudaBackend.create(gpu.orElseThrow(), options);
    }
    int threads = conf.value(ReelsparkConf.CPU_THREADS);
    return CpuBackend.create(threads == 0 ? CpuOptions.allProcessors() : new CpuOptions(threads));
  }

  @Override
  public void close() {
    gpu.ifPresent(CudaGpu::close);
  }
}
