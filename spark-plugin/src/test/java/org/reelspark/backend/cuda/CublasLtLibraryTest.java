package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CublasLtLibraryTest {
  @Test
  void saysWhereALibraryThatIsNotFoundIsLookedFor() {
    String problem = "libcublasLt.so.13: cannot open shared object file";

    assertThat(CublasLtLibrary.notFound(problem))
        .contains(problem, "LD_LIBRARY_PATH", "spark.executorEnv.LD_LIBRARY_PATH", "CPU backend");
  }

  @ParameterizedTest
  @CsvSource({
    "/tmp/x.so: failed to map segment from shared object, noexec",
    "Native Library /tmp/x.so already loaded in another classloader, another copy of this jar"
  })
  void saysWhyTheBindingIsNotLoaded(String problem, String remedy) {
    assertThat(CublasLtLibrary.notLoaded(Path.of("/tmp"), problem)).contains(problem, remedy);
  }
}
