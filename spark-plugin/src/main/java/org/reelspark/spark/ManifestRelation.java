package org.reelspark.spark;

import java.util.Arrays;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.PrunedScan;
import org.apache.spark.sql.types.StructType;

/** A dataset of videos as rows: its manifests or, where there are none, its sidecars. */
final class ManifestRelation extends BaseRelation implements PrunedScan {
  private final SQLContext context;
  private final DatasetDirectory directory;

  ManifestRelation(SQLContext context, DatasetDirectory directory) {
    this.context = context;
    this.directory = directory;
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
    Column[] columns = Arrays.stream(requiredColumns).map(functions::col).toArray(Column[]::new);
    return rows().select(columns).javaRDD().rdd();
  }

  /** How Spark names the target of an INSERT, which it refuses. */
  @Override
  public String toString() {
    return "reelspark " + directory;
  }

  private Dataset<Row> rows() {
    return directory.holdsManifest()
        ? DatasetManifest.read(context.sparkSession(), directory)
        : Sidecars.read(context.sparkSession(), directory);
  }
}
