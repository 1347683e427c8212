package org.reelspark.spark;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction1;

/** Starts real Spark for tests. */
final class SparkSessions {
  private SparkSessions() {}

  /** A session with the plugin and the given settings over quiet defaults. */
  static SparkSession withPlugin(String master, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("spark.plugins", ReelsparkPlugin.class.getName());
    return start(master, all);
  }

  static SparkSession start(String master, Map<String, String> settings) {
    SparkSession.Builder builder =
        SparkSession.builder()
            .master(master)
            .appName("reelspark tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.executor.heartbeatInterval", "3s")
            .config("spark.sql.warehouse.dir", "target/spark-warehouse");
    settings.forEach(builder::config);
    return builder.getOrCreate();
  }

  /**
   * A session whose executors are processes of their own, one core each.
   *
   * <p>Spark starts them from {@code SPARK_HOME}, which the build points to a directory of its own;
   * links to this JVM's jars make it complete.
   */
  static SparkSession withPluginOnCluster(int executors, Map<String, String> settings)
      throws IOException {
    return withPluginOnCluster(executors, 1, settings);
  }

  /** The same, with several cores for each executor. */
  static SparkSession withPluginOnCluster(int executors, int cores, Map<String, String> settings)
      throws IOException {
    return withPlugin(
        "local-cluster[%d,%d,1024]".formatted(executors, cores), withClasses(settings));
  }

  /** Settings with which executors in processes of their own find this JVM's classes. */
  static Map<String, String> withClasses(Map<String, String> settings) throws IOException {
    Path jars = Path.of(System.getenv("SPARK_HOME"), "jars");
    Files.createDirectories(jars);
    StringBuilder classes = new StringBuilder();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isDirectory(path)) {
        classes.append(path).append(File.pathSeparator);
      } else if (Files.exists(path) && Files.notExists(jars.resolve(path.getFileName()))) {
        Files.createSymbolicLink(jars.resolve(path.getFileName()), path);
      }
    }
    Map<String, String> all = new HashMap<>(settings);
    all.put("spark.executor.extraClassPath", classes.toString());
    all.put("spark.executor.memory", "512m");
    return all;
  }

  /**
   * Waits until this many executors of one core take tasks: a job that starts earlier may be done
   * by the first of them alone.
   */
  static void awaitExecutors(SparkSession spark, int executors) throws InterruptedException {
    awaitRegistration(spark, executors);
    // Executors take tasks some time after they have registered, when their plugins have started.
    // Spark starts the tasks of a barrier stage together, thus not before all executors can.
    List<Integer> tasks = Collections.nCopies(executors, 0);
    new JavaSparkContext(spark.sparkContext())
        .parallelize(tasks, executors)
        .rdd()
        .barrier()
        .mapPartitions(new Unchanged(), false, ClassTag.apply(Integer.class))
        .count();
  }

  private static final class Unchanged
      extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>> implements Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Integer> apply(Iterator<Integer> rows) {
      return rows;
    }
  }

  private static void awaitRegistration(SparkSession spark, int executors)
      throws InterruptedException {
    // The driver counts itself.
    Await.until(
        () -> spark.sparkContext().getExecutorMemoryStatus().size() > executors,
        () ->
            "not %d executors: %s"
                .formatted(executors, spark.sparkContext().getExecutorMemoryStatus()));
  }
}
