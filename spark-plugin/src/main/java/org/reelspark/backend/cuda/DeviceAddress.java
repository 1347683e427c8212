package org.reelspark.backend.cuda;

import jcuda.driver.CUdeviceptr;

/** A pointer of JCuda made from a plain address, on the device or in host memory. */
final class DeviceAddress extends CUdeviceptr {
  /** Takes an address from the driver. */
  DeviceAddress() {}

  private DeviceAddress(long address) {
    super(new CUdeviceptr(), address);
  }

  static DeviceAddress of(long address) {
    return new DeviceAddress(address);
  }

  long value() {
    return getNativePointer() + getByteOffset();
  }
}
