package org.reelspark.backend.cuda;

import java.util.List;
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

  /** One kernel of the jar, as on a GPU that has no machine code in it. */
  static KernelLibrary ptxOf(String name, Gpu gpu) {
    KernelTable all = KernelTable.ofJar();
    KernelTable.Entry entry = all.entries().get(name);
    KernelTable.Entry ptx =
        new KernelTable.Entry(
            name, entry.module(), List.of("ptx"), entry.threads(), entry.sharedBytes());
    return new KernelLibrary(
        gpu.device(),
        new KernelTable(all.architectures(), all.ptx(), all.cuda(), Map.of(name, ptx)));
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
