package org.reelspark.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/** GPUs that only Spark's scheduler believes in. */
final class FakeGpus {
  private FakeGpus() {}

  /**
   * Settings that give every worker of a local cluster one address of its own, from 0, by a
   * discovery script in the given directory. Spark asks the script once for each worker.
   */
  static Map<String, String> onePerWorker(Path directory, Map<String, String> settings)
      throws IOException {
    Path script = directory.resolve("discover");
    Files.writeString(
        script,
        """
        #!/bin/sh
        address=0
        until mkdir "%s/taken-$address" 2>/dev/null; do address=$((address + 1)); done
        echo "{\\"name\\": \\"gpu\\", \\"addresses\\": [\\"$address\\"]}"
        """
            .formatted(directory));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> all = new HashMap<>(settings);
    all.put("spark.worker.resource.gpu.amount", "1");
    all.put("spark.worker.resource.gpu.discoveryScript", script.toString());
    all.put("spark.executor.resource.gpu.amount", "1");
    all.putIfAbsent("spark.task.resource.gpu.amount", "1");
    return all;
  }
}
