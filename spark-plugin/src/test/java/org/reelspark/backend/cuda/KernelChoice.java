package org.reelspark.backend.cuda;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Which attention kernels a test leaves to choose from, so that one GPU runs several. */
enum KernelChoice {
  FASTEST(name -> true),
  PORTABLE(name -> !name.startsWith("attention_wgmma")),
  PORTABLE_WITHOUT_E4M3(name -> PORTABLE.takes.test(name) && !name.contains("e4m3"));

  private final Predicate<String> takes;

  KernelChoice(Predicate<String> takes) {
    this.takes = takes;
  }

  /** The jar's kernels that the choice takes. */
  KernelLibrary library(Gpu gpu) {
    KernelTable all = KernelTable.ofJar();
    Map<String, KernelTable.Entry> taken = new TreeMap<>(all.entries());
    taken.keySet().removeIf(takes.negate());
    return new KernelLibrary(
        gpu.device(), new KernelTable(all.architectures(), all.ptx(), all.cuda(), taken));
  }
}
