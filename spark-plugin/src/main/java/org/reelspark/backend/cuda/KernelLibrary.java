package org.reelspark.backend.cuda;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** The kernels of the jar on one GPU; modules are loaded when their first kernel is asked for. */
final class KernelLibrary implements AutoCloseable {
  private final CudaDevice device;
  private final KernelTable table;
  private final Map<KernelTable.Image, CUmodule> modules = new HashMap<>();
  private final Map<List<String>, Kernel> kernels = new HashMap<>();
  private boolean closed;

  KernelLibrary(CudaDevice device, KernelTable table) {
    this.device = device;
    this.table = table;
  }

  /**
   * @throws ReelsparkException BACKEND_UNAVAILABLE when this GPU or its driver cannot run it
   */
  Kernel kernel(String entry) {
    return firstOf(List.of(entry));
  }

  /**
   * The first of several entries, in order of preference, that has an image for this GPU.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE when none has, or the driver is too old for it
   */
  synchronized Kernel firstOf(List<String> entries) {
    if (closed) {
      throw new IllegalStateException("the kernels of " + device.name() + " are unloaded");
    }
    return kernels.computeIfAbsent(entries, this::load);
  }

  private Kernel load(List<String> entries) {
    KernelTable.Match match =
        table.first(entries, device.capability()).orElseThrow(() -> missing(entries));
    KernelTable.Entry entry = match.entry();
    table.checkDriver(match.image(), device.driverVersion());
    device.makeCurrent();
    CUmodule module = modules.computeIfAbsent(match.image(), KernelLibrary::loadModule);
    CUfunction function = new CUfunction();
    CudaCalls.check(
        JCudaDriver.cuModuleGetFunction(function, module, entry.name()),
        "cuModuleGetFunction(" + entry.name() + ")");
    CudaCalls.check(
        JCudaDriver.cuFuncSetAttribute(
            function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, entry.sharedBytes()),
        "cuFuncSetAttribute(%s, %d bytes of shared memory)"
            .formatted(entry.name(), entry.sharedBytes()));
    return new Kernel(
        entry, match.image().architecture(), function, residentBlocks(entry, function));
  }

  private ReelsparkException missing(List<String> entries) {
    return new ReelsparkException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "no kernel %s for %s, compute capability %s; this jar holds %s and PTX of %s. Use a supported GPU or the CPU backend"
            .formatted(
                String.join(" or ", entries),
                device.name(),
                device.capability(),
                String.join(", ", table.architectures()),
                table.ptx()));
  }

  private int residentBlocks(KernelTable.Entry entry, CUfunction function) {
    int[] ofMultiprocessor = new int[1];
    CudaCalls.check(
        JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            ofMultiprocessor, function, entry.threads(), entry.sharedBytes()),
        "cuOccupancyMaxActiveBlocksPerMultiprocessor(" + entry.name() + ")");
    return ofMultiprocessor[0] * device.multiprocessors();
  }

  private static CUmodule loadModule(KernelTable.Image image) {
    byte[] content = read(image.resource());
    // PTX is a C string.
    byte[] loadable = image.isPtx() ? Arrays.copyOf(content, content.length + 1) : content;
    CUmodule module = new CUmodule();
    CudaCalls.check(JCudaDriver.cuModuleLoadData(module, loadable), "loading " + image.resource());
    return module;
  }

  private static byte[] read(String resource) {
    try (InputStream stream = KernelLibrary.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new ReelsparkException(
            ErrorCode.BACKEND_UNAVAILABLE,
            "this jar lacks %s, which its kernel table names; build the jar again"
                .formatted(resource));
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    device.makeCurrent();
    modules.values().forEach(JCudaDriver::cuModuleUnload);
    modules.clear();
    kernels.clear();
  }
}
