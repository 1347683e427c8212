package org.reelspark.backend.cpu;

import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this virtual machine can run the vector kernels. Touches the module only if present. */
final class VectorSupport {
  private static final Logger LOG = LoggerFactory.getLogger(VectorSupport.class);
  private static final String MODULE = "jdk.incubator.vector";
  private static final boolean AVAILABLE = detect();

  private VectorSupport() {}

  static boolean available() {
    return AVAILABLE;
  }

  private static boolean detect() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      LOG.warn(
          "The module {} is absent, so plain Java replaces vector instructions, several times slower;"
              + " start Java with --add-modules={}",
          MODULE,
          MODULE);
      return false;
    }
    int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    if (!multipliesAndAddsInOne(bits)) {
      LOG.warn("Vectors of {} bits without fused multiply-add: plain Java replaces them", bits);
      return false;
    }
    return true;
  }

  /**
   * Without the instruction the virtual machine emulates it in software, far slower than a loop.
   */
  private static boolean multipliesAndAddsInOne(int bits) {
    boolean arm = System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64");
    return arm || bits >= 256;
  }
}
