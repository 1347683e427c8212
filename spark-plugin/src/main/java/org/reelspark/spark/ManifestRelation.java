package org.reelspark.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.InsertableRelation;
import org.apache.spark.sql.sources.PrunedScan;
import org.apache.spark.sql.types.StructType;
import org.reelspark.spark.DatasetManifest.InputSource;

/**
 * A dataset of videos as rows: its manifests or, where there are none, its sidecars. Rows that are
 * inserted are requests.
 */
final class ManifestRelation extends BaseRelation implements PrunedScan, InsertableRelation {
  private final SQLContext context;
  private final DatasetDirectory directory;
  private final Map<String, String> options;

  /**
   * @param options of writes, which only insertions use
   */
  ManifestRelation(SQLContext context, DatasetDirectory directory, Map<String, String> options) {
    this.context = context;
    this.directory = directory;
    this.options = Map.copyOf(options);
  }

  @Override
  public SQLContext sqlContext() {
    return context;
  }

  @Override
  public StructType schema() {
    return DatasetManifest.SCHEMA;
  }

  @Override
  public RDD<Row> buildScan(String[] requiredColumns) {
    return rows().select(columns(requiredColumns)).javaRDD().rdd();
  }

  /**
   * Makes the videos of rows of this schema. Columns of results are what the rows will get, and not
   * read.
   */
  @Override
  public void insert(Dataset<Row> rows, boolean overwrite) {
    SparkSession spark = rows.sparkSession();
    SinkOptions sinkOptions = SinkOptions.parse(options, ReelsparkConf.of(spark));
    String[] ofRequests =
        Arrays.stream(rows.columns())
            .filter(ManifestRelation::belongsToRequests)
            .toArray(String[]::new);
    new DatasetWriter(spark, directory, sinkOptions)
        .write(
            overwrite ? SaveMode.Overwrite : SaveMode.Append,
            rows.select(columns(ofRequests)),
            InputSource.INPUT_COLUMN);
  }

  private static boolean belongsToRequests(String column) {
    return column.equals(DatasetManifest.INPUT) || InputColumns.belongsToRequest(column);
  }

  private static Column[] columns(String[] names) {
    return Arrays.stream(names).map(functions::col).toArray(Column[]::new);
  }

  /** How Spark names it in plans and messages. */
  @Override
  public String toString() {
    return "reelspark " + directory;
  }

  private Dataset<Row> rows() {
    SparkSession spark = context.sparkSession();
    if (directory.holdsManifest()) {
      return DatasetManifest.read(spark, directory);
    }
    if (directory.holdsFiles()) {
      return Sidecars.read(spark, directory);
    }
    return spark.createDataFrame(List.of(), schema());
  }
}
