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

  /** What the kernels run on. */
  static String describe() {
    return AVAILABLE ? "vectors of %d bits".formatted(vectorBits()) : "plain Java";
  }

  private static int vectorBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
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
    if (!multipliesAndAddsInOne()) {
      LOG.warn(
          "Vectors of {} bits have no fused multiply-add, so plain Java replaces them",
          vectorBits());
      return false;
    }
    return true;
  }

  /**
   * Without the instruction the virtual machine emulates it in software, far slower than a loop.
   */
  private static boolean multipliesAndAddsInOne() {
    boolean arm = System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64");
    return arm || vectorBits() >= 256;
  }
}
