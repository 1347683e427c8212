package org.reelspark.spark.rapids;

import static org.assertj.core.api.Assertions.assertThat;

import com.nvidia.spark.RapidsUDF;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RapidsFunctionsTest {
  /** The test's class path without RAPIDS' API. */
  private static URL[] withoutRapids() throws MalformedURLException {
    URL rapids = RapidsUDF.class.getProtectionDomain().getCodeSource().getLocation();
    List<URL> classes = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      URL url = Path.of(entry).toAbsolutePath().toUri().toURL();
      if (!url.equals(rapids)) {
        classes.add(url);
      }
    }
    return classes.toArray(URL[]::new);
  }

  @Test
  void areAvailableBesideRapids() {
    assertThat(RapidsFunctions.areAvailable()).isTrue();
  }

  @Test
  void nothingOfOursNeedsRapidsToLoad() throws Exception {
    try (URLClassLoader loader =
        new URLClassLoader(withoutRapids(), ClassLoader.getPlatformClassLoader())) {
      // Initialises the functions, of rows and of columns, and links all that they refer to.
      Class.forName("org.reelspark.spark.SqlFunctions", true, loader);
      Class<?> functions = Class.forName(RapidsFunctions.class.getName(), true, loader);

      assertThat(functions.getMethod("areAvailable").invoke(null)).isEqualTo(false);
    }
  }
}
