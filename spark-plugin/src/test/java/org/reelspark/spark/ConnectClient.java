package org.reelspark.spark;

import static org.apache.spark.sql.functions.call_function;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.map;

import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a user of Spark Connect writes. Runs in a process that has Spark's client and none of our
 * classes but this one, and prints one line for each result.
 */
final class ConnectClient {
  private ConnectClient() {}

  /**
   * @param arguments address of the server, model directory, output directory
   */
  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark = SparkSession.builder().remote(arguments[0]).getOrCreate()) {
      spark.conf().set("spark.reelspark.model.directory", arguments[1]);
      print("session", List.of(spark.getClass().getName()));
      callFunctions(spark);
      saveAndLoad(spark, arguments[1], arguments[2]);
      print("refused", List.of(refusal(spark)));
    }
  }

  private static void callFunctions(SparkSession spark) {
    Dataset<Row> one = spark.range(1).toDF();
    print(
        "hilbert_index",
        one.select(call_function("hilbert_index", lit(0), lit(0), lit(1), lit(4), lit(4), lit(4))));
    Column options = map(texts("width", "32", "height", "32", "frames", "5", "steps", "1"));
    print(
        "generate_video",
        one.select(call_function("generate_video", lit("a red circle moves up"), options).as("v"))
            .select(col("v.status"), col("v.frames"), col("v.error")));
    print(
        "sparse_attention",
        spark.sql("SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2)[0]"));
  }

  private static Column[] texts(String... texts) {
    Column[] columns = new Column[texts.length];
    for (int index = 0; index < texts.length; index++) {
      columns[index] = lit(texts[index]);
    }
    return columns;
  }

  private static void saveAndLoad(SparkSession spark, String model, String output) {
    spark
        .sql("SELECT * FROM VALUES (1, 'a red circle moves up'), (2, '') AS t(id, prompt)")
        .write()
        .format("reelspark")
        .option("model", model)
        .option("width", 32)
        .option("height", 32)
        .option("frames", 5)
        .option("steps", 1)
        .mode("append")
        .save(output);
    print(
        "load",
        spark
            .read()
            .format("reelspark")
            .load(output)
            .orderBy("input")
            .select(col("input"), col("status"), col("error.code")));
  }

  @SuppressWarnings("CatchingUnchecked") // Spark's checked exceptions pass Scala's signatures
  private static String refusal(SparkSession spark) {
    try {
      spark.sql("SELECT hilbert_index(1, 2)").collectAsList();
      return "nothing";
    } catch (Exception e) {
      return e.getMessage();
    }
  }

  private static void print(String name, Dataset<Row> rows) {
    print(name, rows.collectAsList().stream().map(row -> row.mkString(" | ")).toList());
  }

  @SuppressWarnings("SystemOut") // read by the test
  private static void print(String name, List<String> lines) {
    lines.forEach(line -> System.out.println(name + ": " + line));
  }
}
