package org.reelspark.spark;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.CreatableRelationProvider;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.sources.RelationProvider;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.spark.DatasetManifest.InputSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * {@code format("reelspark")}: saving a Dataset of prompts generates their videos; loading the same
 * path gives the manifest back.
 *
 * <p>A source of Spark's first interface, because the second one neither offers the save modes
 * {@code errorifexists} and {@code ignore} to a source that has no catalogue, nor lets a writer
 * spread rows by their number; a file of prompts, which is one partition, would run on one
 * executor.
 */
public final class ReelsparkDataSource
    implements DataSourceRegister, CreatableRelationProvider, RelationProvider {
  private static final Logger LOG = LoggerFactory.getLogger(ReelsparkDataSource.class);
  private static final String PATH = "path";

  @Override
  public String shortName() {
    return "reelspark";
  }

  @Override
  public BaseRelation createRelation(
      SQLContext context,
      SaveMode mode,
      scala.collection.immutable.Map<String, String> parameters,
      Dataset<Row> prompts) {
    Map<String, String> options = options(parameters);
    DatasetDirectory directory = directory(options);
    SparkSession spark = prompts.sparkSession();
    SinkOptions sinkOptions = SinkOptions.parse(options, ReelsparkConf.of(spark));
    new DatasetWriter(spark, directory, sinkOptions)
        .write(mode, prompts, InputSource.OTHER_COLUMNS);
    return new ManifestRelation(context, directory, options);
  }

  @Override
  public BaseRelation createRelation(
      SQLContext context, scala.collection.immutable.Map<String, String> parameters) {
    Map<String, String> options = options(parameters);
    DatasetDirectory directory = directory(options);
    // A table keeps those of its videos; reading has none of its own.
    SinkOptions.requireKnown(options.keySet());
    if (!directory.holdsDataset()) {
      if (options.containsKey(SinkOptions.MODEL)) {
        LOG.warn("There are no videos at {}: an empty table, to insert prompts into", directory);
        return new ManifestRelation(context, directory, options);
      }
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "there are no videos at %s; check the path, or name a model for a table to insert prompts into: OPTIONS (model '...')"
              .formatted(directory));
    }
    return new ManifestRelation(context, directory, options);
  }

  private static Map<String, String> options(
      scala.collection.immutable.Map<String, String> parameters) {
    Map<String, String> options = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    options.putAll(CollectionConverters.asJava(parameters));
    return options;
  }

  /** Takes the path out of the options. */
  private static DatasetDirectory directory(Map<String, String> options) {
    String path = options.remove(PATH);
    if (path == null || path.isBlank()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION, "no path; name the directory of the videos: save(path)");
    }
    return DatasetDirectory.of(path, VideoOutputs.hadoopConfiguration());
  }
}
