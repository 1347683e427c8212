package org.reelspark.backend.cuda;

import org.junit.jupiter.api.Assumptions;
import org.reelspark.error.ReelsparkException;

/** The first GPU of this machine, for tests that need one. */
final class Gpu {
  private Gpu() {}

  static boolean isPresent() {
    try {
      CudaDevice.open("0").close();
      return true;
    } catch (ReelsparkException e) {
      return false;
    }
  }

  /** Opens the GPU; without one the test is skipped and says why. */
  static CudaDevice open() {
    try {
      return CudaDevice.open("0");
    } catch (ReelsparkException e) {
      return Assumptions.abort("needs a GPU: " + e.getMessage());
    }
  }
}
