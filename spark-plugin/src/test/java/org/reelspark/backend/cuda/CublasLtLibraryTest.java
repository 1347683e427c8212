package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CublasLtLibraryTest {
  @Test
  void saysWhereALibraryThatIsNotFoundIsLookedFor() {
    String problem = "libcublasLt.so.13: cannot open shared object file";

    assertThat(CublasLtLibrary.notFound(problem))
        .contains(problem, "LD_LIBRARY_PATH", "spark.executorEnv.LD_LIBRARY_PATH", "CPU backend");
  }
}
