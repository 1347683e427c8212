package org.reelspark.spark.rapids;

import static org.assertj.core.api.Assertions.assertThat;

import com.nvidia.spark.rapids.ExplainPlan;
import java.net.URL;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.MutableURLClassLoader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both plugins in one application, where RAPIDS only explains what it would run on a GPU. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class RealRapidsTest {
  private static final String ATTENTION =
      "sparse_attention(floats, floats, floats, 8, map('top_k', 0.5)) AS attention";

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    // RAPIDS adds the classes for this line of Spark to the loader that spark-submit makes.
    Thread thread = Thread.currentThread();
    thread.setContextClassLoader(
        new MutableURLClassLoader(new URL[0], thread.getContextClassLoader()));
    spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.warehouse.dir", "target/spark-warehouse")
            .config(
                "spark.plugins", "org.reelspark.spark.ReelsparkPlugin,com.nvidia.spark.SQLPlugin")
            .config("spark.rapids.sql.mode", "explainonly")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    Thread thread = Thread.currentThread();
    thread.setContextClassLoader(thread.getContextClassLoader().getParent());
    if (spark != null) {
      spark.stop();
    }
  }

  private static Dataset<Row> query(String... expressions) {
    return spark
        .range(3)
        .selectExpr("id", "transform(sequence(1, 16), i -> CAST(i % (id + 2) AS FLOAT)) AS floats")
        .selectExpr(expressions);
  }

  /** Executors have the backend that they started with; the session's decides plans alone. */
  private static String explanation(String backend, String... expressions) {
    spark.conf().set("spark.reelspark.backend", backend);
    try {
      return ExplainPlan.explainPotentialGpuPlan(query(expressions), "ALL");
    } finally {
      spark.conf().unset("spark.reelspark.backend");
    }
  }

  private static String lineOf(String explanation, String function) {
    return explanation
        .lines()
        .filter(line -> line.contains("<ScalaUDF> " + function))
        .findFirst()
        .orElseThrow(() -> new AssertionError(explanation));
  }

  @Test
  void attentionRunsInItsOperatorsWhereBothComputeOnGpus() {
    String explanation = explanation("cuda", ATTENTION);

    assertThat(lineOf(explanation, "sparse_attention"))
        .contains("*Expression")
        .contains("will run on GPU");
    assertThat(explanation).contains("*Exec <ProjectExec> will run on GPU");
  }

  @Test
  void attentionStaysWithSparkWhereOursComputesOnTheProcessor() {
    String explanation = explanation("cpu", ATTENTION);

    assertThat(lineOf(explanation, "sparse_attention")).contains("cannot run on GPU");
    assertThat(explanation).contains("!Exec <ProjectExec> cannot run on GPU");
  }

  @Test
  void queriesGiveTheirRows() {
    List<Row> rows = query("size(" + ATTENTION.replace(" AS attention", "") + ")").collectAsList();

    assertThat(rows).hasSize(3).allSatisfy(row -> assertThat(row.getInt(0)).isEqualTo(16));
  }
}
