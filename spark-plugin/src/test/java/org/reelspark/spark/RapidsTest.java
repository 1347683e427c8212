package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.nvidia.spark.RapidsUDF;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.jdk.javaapi.CollectionConverters;

@Timeout(value = 300, unit = TimeUnit.SECONDS)
class RapidsTest {
  private static final String OURS = ReelsparkPlugin.class.getName();
  private static final String RAPIDS = Rapids.PLUGIN;
  private static final String ATTENTION = "sparse_attention(array(1), array(1), array(id), 1)";

  /** A configuration that needs no advice. */
  private final SparkConf conf =
      new SparkConf(false)
          .set("spark.plugins", OURS + ", " + RAPIDS)
          .set("spark.reelspark.backend", "cuda")
          .set("spark.reelspark.gpu.memoryMib", "24576")
          .set("spark.rapids.memory.gpu.minAllocFraction", "0");

  private void assertWarns(String... parts) {
    assertThat(Rapids.warnings(conf, ReelsparkConf.of(conf)))
        .singleElement()
        .satisfies(warning -> assertThat(warning).contains(parts));
  }

  @Test
  void saysNothingOfSettingsThatHold() {
    assertThat(Rapids.warnings(conf, ReelsparkConf.of(conf))).isEmpty();
  }

  /** Each is wrong beside RAPIDS on a GPU. */
  @ParameterizedTest
  @CsvSource({
    "spark.plugins, org.reelspark.spark.ReelsparkPlugin",
    "spark.reelspark.backend, cpu",
    "spark.rapids.sql.mode, explainOnly"
  })
  void saysNothingWhereBothDoNotShareGpus(String key, String value) {
    conf.set("spark.plugins", RAPIDS + "," + OURS).remove("spark.reelspark.gpu.memoryMib");
    assertThat(Rapids.warnings(conf, ReelsparkConf.of(conf))).hasSize(2);

    conf.set(key, value);

    assertThat(Rapids.warnings(conf, ReelsparkConf.of(conf))).isEmpty();
    assertThat(Rapids.memory(conf, ReelsparkConf.of(conf))).isEmpty();
  }

  @Test
  void warnsWhenRapidsStartsFirst() {
    conf.set("spark.plugins", RAPIDS + "," + OURS);

    assertWarns("name " + OURS + " first");
  }

  @Test
  void warnsWhenModelsTakeWhatRapidsNeeds() {
    conf.remove("spark.reelspark.gpu.memoryMib");

    assertWarns("nine tenths", "spark.reelspark.gpu.memoryMib is 0");
  }

  @Test
  void warnsWhenRapidsWouldNotStartWithItsPart() {
    conf.set("spark.rapids.memory.gpu.minAllocFraction", "1");

    assertWarns("less than 1.0", "spark.rapids.memory.gpu.minAllocFraction");
  }

  @Test
  void functionsThatWaitForTheDeviceStayOutOfItsOperators() throws IOException {
    assertThat(deterministic(OURS, ATTENTION)).isTrue();

    String both = OURS + "," + RAPIDS;
    assertThat(deterministic(both, ATTENTION)).isFalse();
    assertThat(deterministic(both, "hilbert_index(id, 0, 0, 4, 4, 4)")).isTrue();
  }

  @Test
  void attendsOverColumnsWhereBothComputeOnGpus() throws IOException {
    Map<String, String> settings = Map.of("spark.plugins", OURS + "," + RAPIDS);
    try (SparkSession spark = SparkSessions.start("local[1]", settings)) {
      assertThat(attention(spark)).isNotInstanceOf(RapidsUDF.class);

      // Executors have the backend that they started with; only plans are made here.
      spark.conf().set("spark.reelspark.backend", "cuda");

      assertThat(attention(spark)).isInstanceOf(RapidsUDF.class);
      Dataset<Row> query = spark.range(1).selectExpr(ATTENTION);
      assertThat(query.queryExecution().analyzed().deterministic()).isTrue();
    }
    try (SparkSession spark = SparkSessions.start("local[1]", Map.of("spark.plugins", OURS))) {
      spark.conf().set("spark.reelspark.backend", "cuda");

      assertThat(attention(spark)).isNotInstanceOf(RapidsUDF.class);
    }
  }

  /** The body of the function in a plan. */
  private static Object attention(SparkSession spark) {
    LogicalPlan plan = spark.range(1).selectExpr(ATTENTION).queryExecution().analyzed();
    Expression alias = CollectionConverters.asJava(plan.expressions()).get(0);
    return ((ScalaUDF) CollectionConverters.asJava(alias.children()).get(0)).function();
  }

  /** Whether Spark, and so RAPIDS, takes an expression for one without a state. */
  private static boolean deterministic(String plugins, String expression) throws IOException {
    try (SparkSession spark = SparkSessions.start("local[1]", Map.of("spark.plugins", plugins))) {
      return spark.range(1).selectExpr(expression).queryExecution().analyzed().deterministic();
    }
  }
}
