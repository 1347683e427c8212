package org.reelspark.spark;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.InlineOutput;
import org.reelspark.generate.LocalOutputStore;
import org.reelspark.generate.OutputStore;
import org.reelspark.generate.VideoOutput;
import org.reelspark.generate.VideoStore;
import org.reelspark.model.ModelDescription;

/** Opens the output that a configuration names. */
final class VideoOutputs {
  private VideoOutputs() {}

  /**
   * @throws ReelsparkException OUTPUT_MISMATCH, OUTPUT_UNWRITABLE, INVALID_CONFIGURATION
   */
  static VideoOutput open(ReelsparkConf conf, ModelDescription model) {
    Optional<String> directory = conf.find(ReelsparkConf.OUTPUT_DIRECTORY);
    if (directory.isEmpty()) {
      return new InlineOutput();
    }
    return VideoStore.open(
        store(directory.get()), model, conf.value(ReelsparkConf.CHECKPOINT_STEPS));
  }

  /**
   * @throws ReelsparkException INVALID_CONFIGURATION
   */
  static OutputStore store(String directory) {
    try {
      Path root = new Path(directory);
      FileSystem fileSystem = root.getFileSystem(hadoopConfiguration());
      if (fileSystem.getScheme().equals("file")) {
        String localPath = fileSystem.makeQualified(root).toUri().getPath();
        return new LocalOutputStore(java.nio.file.Path.of(localPath));
      }
      return new HadoopOutputStore(fileSystem, root);
    } catch (IOException | RuntimeException e) {
      // Hadoop has no exception of its own for a class that is missing.
      throw cannotOpen(directory, e);
    }
  }

  /**
   * The directory as executors find it, whose working directories are not the driver's.
   *
   * @throws ReelsparkException INVALID_CONFIGURATION
   */
  static String absolute(String directory) {
    try {
      Path path = new Path(directory);
      if (path.toUri().getScheme() != null || path.isAbsolute()) {
        return directory;
      }
      return path.getFileSystem(hadoopConfiguration()).makeQualified(path).toString();
    } catch (IOException | RuntimeException e) {
      throw cannotOpen(directory, e);
    }
  }

  private static ReelsparkException cannotOpen(String directory, Exception cause) {
    return new ReelsparkException(
        ErrorCode.INVALID_CONFIGURATION,
        "%s is '%s', which no configured file system can open (%s); choose another, or bring its file system by spark.jars, such as hadoop-aws for s3a"
            .formatted(ReelsparkConf.OUTPUT_DIRECTORY.key(), directory, cause.getMessage()),
        cause);
  }

  /** The same on the driver and on executors: what the application started with. */
  static Configuration hadoopConfiguration() {
    return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
  }
}
