package org.reelspark.backend.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * One GPU, by its primary context, which all libraries of the process share. Close what was made on
 * it first.
 */
final class CudaDevice implements AutoCloseable {
  private final CUdevice handle;
  private final CUcontext context = new CUcontext();
  private final CudaVersion driverVersion;
  private final DeviceName deviceName;
  private final String name;
  private final ComputeCapability capability;
  private final int multiprocessors;
  private final long cacheBytes;
  private boolean closed;

  private CudaDevice(CUdevice handle, DeviceName deviceName, CudaVersion driverVersion) {
    this.handle = handle;
    this.deviceName = deviceName;
    this.driverVersion = driverVersion;
    this.name = readName(handle);
    this.capability =
        new ComputeCapability(
            attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
    this.multiprocessors = attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    this.cacheBytes = attribute(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
    CudaCalls.check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "cuDevicePrimaryCtxRetain");
  }

  /**
   * Opens a GPU of this machine.
   *
   * @param wanted an index, UUID or PCI address
   * @throws ReelsparkException BACKEND_UNAVAILABLE without a driver or GPU, INVALID_CONFIGURATION
   *     when no GPU has that name
   */
  static CudaDevice open(String wanted) {
    CudaDriver driver = CudaDriver.load();
    List<DeviceName> names = names();
    if (names.isEmpty()) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "the NVIDIA driver shows no GPU to this process; check CUDA_VISIBLE_DEVICES, or use the CPU backend");
    }
    DeviceName deviceName = DeviceName.find(wanted, names);
    return new CudaDevice(device(deviceName.index()), deviceName, driver.version());
  }

  private static List<DeviceName> names() {
    int[] count = new int[1];
    CudaCalls.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    List<DeviceName> names = new ArrayList<>();
    for (int index = 0; index < count[0]; index++) {
      CUdevice device = device(index);
      CUuuid uuid = new CUuuid();
      CudaCalls.check(JCudaDriver.cuDeviceGetUuid(uuid, device), "cuDeviceGetUuid");
      String[] pciAddress = new String[1];
      CudaCalls.check(
          JCudaDriver.cuDeviceGetPCIBusId(pciAddress, 16, device), "cuDeviceGetPCIBusId");
      names.add(new DeviceName(index, DeviceName.uuid(uuid.bytes), pciAddress[0].strip()));
    }
    return names;
  }

  private static CUdevice device(int index) {
    CUdevice device = new CUdevice();
    CudaCalls.check(JCudaDriver.cuDeviceGet(device, index), "cuDeviceGet");
    return device;
  }

  private static String readName(CUdevice device) {
    byte[] name = new byte[256];
    CudaCalls.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  private int attribute(int attribute) {
    int[] value = new int[1];
    CudaCalls.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, handle), "cuDeviceGetAttribute");
    return value[0];
  }

  /** Makes the driver's calls of this thread go to this device. */
  void makeCurrent() {
    CudaCalls.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /** Waits until everything that this process has enqueued on the device is done. */
  void synchronize() {
    makeCurrent();
    CudaCalls.check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
  }

  /** Such as {@code NVIDIA H200}. */
  String name() {
    return name;
  }

  DeviceName deviceName() {
    return deviceName;
  }

  ComputeCapability capability() {
    return capability;
  }

  int multiprocessors() {
    return multiprocessors;
  }

  /** Bytes of the second-level cache. */
  long cacheBytes() {
    return cacheBytes;
  }

  CudaVersion driverVersion() {
    return driverVersion;
  }

  DeviceMemory.Usage memoryUsage() {
    makeCurrent();
    long[] free = new long[1];
    long[] total = new long[1];
    CudaCalls.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return new DeviceMemory.Usage(free[0], total[0]);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      JCudaDriver.cuDevicePrimaryCtxRelease(handle);
    }
  }
}
