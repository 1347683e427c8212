package org.reelspark.spark;

import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ReelsparkPluginTest {
  private SparkSession spark;

  @AfterEach
  void stop() {
    if (spark != null) {
      spark.stop();
    }
  }

  /** Someone else's extension, which must survive ours. */
  public static final class OtherExtensions
      extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
      return BoxedUnit.UNIT;
    }
  }

  @Test
  void addsItsFunctionsBesideOtherExtensions() {
    String other = OtherExtensions.class.getName();
    spark = SparkSessions.withPlugin("local[1]", Map.of("spark.sql.extensions", other));

    assertThat(spark.sparkContext().conf().get("spark.sql.extensions"))
        .isEqualTo(other + "," + ReelsparkExtensions.class.getName());
    assertThat(spark.catalog().functionExists("generate_video")).isTrue();
    assertThat(spark.catalog().functionExists("sparse_attention")).isTrue();
    assertThat(spark.catalog().functionExists("hilbert_index")).isTrue();
    assertThat(
            SparkEnv.get()
                .metricsSystem()
                .getSourcesByName("plugin." + ReelsparkPlugin.class.getName())
                .head())
        .satisfies(
            source ->
                assertThat(source.metricRegistry().getGauges().keySet())
                    .contains("modelLoads", "waitingTasks", "hostMemoryBytes"));
  }

  @Test
  void extensionAloneGivesTheFunctions() {
    spark =
        SparkSessions.start(
            "local[1]", Map.of("spark.sql.extensions", ReelsparkExtensions.class.getName()));

    Row row = spark.sql("SELECT hilbert_index(0, 0, 0, 2, 2, 2)").head();

    assertThat(row.getInt(0)).isZero();
  }

  @Test
  void unknownKeyStopsTheApplicationAtStart() {
    Map<String, String> settings = Map.of("spark.reelspark.model.dir", "/models/wan");

    assertThatThrownBy(() -> SparkSessions.withPlugin("local[1]", settings))
        .hasStackTraceContaining("did you mean spark.reelspark.model.directory?");
  }

  @Test
  void javaHelpersCallTheFunctions() {
    spark = SparkSessions.withPlugin("local[1]", Map.of());

    Row row =
        spark
            .range(1)
            .select(
                Reelspark.hilbertIndex(lit(0), lit(0), lit(1), lit(4), lit(4), lit(4)),
                Reelspark.sparseAttention(
                    floats(1, 0), floats(1, 0), floats(3, 4), lit(2), lit(null)))
            .head();

    assertThat(row.getInt(0)).isEqualTo(1);
    assertThat(row.<Float>getList(1)).containsExactly(3f, 4f);
  }

  private static org.apache.spark.sql.Column floats(float... values) {
    return lit(values);
  }
}
