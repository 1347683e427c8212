package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.spark.LongestFirst.PlannedRow;
import org.reelspark.spark.LongestFirst.Work;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LongestFirstTest {
  private static final StructType PROMPTS =
      new StructType()
          .add("id", DataTypes.IntegerType)
          .add("prompt", DataTypes.StringType)
          .add("steps", DataTypes.IntegerType)
          .add("width", DataTypes.IntegerType);

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2]",
            Map.of(
                ReelsparkConf.MODEL_DIRECTORY.key(),
                TestModels.directory(),
                // Takes fewer classes than Java's own, no records for one.
                "spark.serializer",
                KryoSerializer.class.getName()));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static Work work(long tokenSteps) {
    return new Work(tokenSteps, 64, 64, 9);
  }

  @RepeatedTest(20)
  void everyRowHasAPlaceOfItsOwnAndNoneIsLongerThanTheOneBefore(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Work[]> works = new ArrayList<>();
    for (int partition = 0; partition < 4; partition++) {
      works.add(
          random
              .longs(random.nextInt(8), 0, 5)
              .mapToObj(LongestFirstTest::work)
              .toArray(Work[]::new));
    }

    int[][] places = LongestFirst.places(works);

    List<Work> ordered = ordered(works, places);
    assertThat(ordered).doesNotContainNull();
    assertThat(ordered).isSortedAccordingTo(Comparator.comparingLong(Work::tokenSteps).reversed());
  }

  @Test
  void rowsOfEqualWorkStandTogetherByShapeAndOtherwiseInTheirOrder() {
    Work wide = new Work(12, 128, 64, 9);
    Work tall = new Work(12, 64, 128, 9);

    int[][] places = LongestFirst.places(List.of(new Work[] {tall, wide}, new Work[] {tall, wide}));

    assertThat(places).isDeepEqualTo(new int[][] {{2, 0}, {3, 1}});
  }

  /** Of rows that pass through the driver, and of rows that are too large for it. */
  @ParameterizedTest
  @ValueSource(longs = {100, 100L << 30})
  void aPartitionHoldsOneRowAndPartitionsFollowTheWork(long bytes) {
    List<Row> rows = List.of(RowFactory.create(3), RowFactory.create(9), RowFactory.create(5));
    JavaRDD<Row> rdd = new JavaSparkContext(spark.sparkContext()).parallelize(rows, 2);
    List<List<PlannedRow>> planned =
        List.of(List.of(planned(3, bytes)), List.of(planned(9, bytes), planned(5, bytes)));

    JavaRDD<Row> spread = LongestFirst.spread(rdd, planned);

    assertThat(spread.glom().collect())
        .containsExactly(
            List.of(RowFactory.create(9)),
            List.of(RowFactory.create(5)),
            List.of(RowFactory.create(3)));
    assertThat(spread.toDebugString().contains("Shuffled")).isEqualTo(bytes > 100);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 100L << 30})
  void rowsThatWereNotThereWhenTheyWereCountedAreNotLost(long bytes) {
    List<Row> rows = List.of(RowFactory.create(1), RowFactory.create(2));
    JavaRDD<Row> rdd = new JavaSparkContext(spark.sparkContext()).parallelize(rows, 1);

    List<Row> spread = LongestFirst.spread(rdd, List.of(List.of(planned(1, bytes)))).collect();

    assertThat(spread).containsExactlyInAnyOrderElementsOf(rows);
  }

  private static PlannedRow planned(long tokenSteps, long bytes) {
    return new PlannedRow(work(tokenSteps), bytes);
  }

  @Test
  void plannedRowSurvivesItsWayToTheDriver() {
    PlannedRow row = new PlannedRow(new Work(1L << 40, 832, 480, 81), 1L << 33);

    assertThat(PlannedRow.ofNumbers(row.toNumbers())).isEqualTo(row);
  }

  @Test
  void sizeOfARowIsThatOfItsValues() {
    byte[] picture = new byte[1000];
    Row nested = new GenericRowWithSchema(new Object[] {picture, null}, PROMPTS);

    assertThat(LongestFirst.estimatedBytes(RowFactory.create("a prompt", picture, nested)))
        .isBetween(2000L, 2200L);
  }

  @Test
  void generatorStartsWithTheLongestVideosAndLeavesNothingToDoForLast() {
    Dataset<Row> prompts =
        spark.createDataFrame(
            Arrays.asList(
                RowFactory.create(1, "a red circle moves up", 1, 64),
                RowFactory.create(2, null, 9, 64),
                RowFactory.create(3, "a red circle moves up", 2, 64),
                RowFactory.create(4, "a red circle moves up", 1, 128),
                RowFactory.create(5, "a red circle moves up", 1, 96)),
            PROMPTS);
    spark.conf().set(ReelsparkConf.OUTPUT_DIRECTORY.key(), directory.toString());
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      generator.generate(prompts.filter("id = 4"), TestModels.QUICK).collectAsList();

      assertThat(idsByPartition(generator.generate(prompts, TestModels.QUICK))).startsWith(3, 5, 1);
    } finally {
      spark.conf().unset(ReelsparkConf.OUTPUT_DIRECTORY.key());
    }
  }

  @Test
  void generatesNoMatterWhatAnyExecutorLeavesBehind() {
    Dataset<Row> prompts =
        spark.sql("SELECT 'a red circle moves up' prompt, id, X'0102' picture FROM range(3)");
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      Dataset<Row> results = generator.generate(prompts, TestModels.QUICK);

      assertThat(results.javaRDD().toDebugString()).doesNotContain("Shuffled");
      assertThat(results.select("id", "picture", "video.status").collectAsList())
          .allSatisfy(row -> assertThat(row.<byte[]>getAs(1)).containsExactly(1, 2))
          .extracting(row -> row.getLong(0) + " " + row.getString(2))
          .containsExactly("0 generated", "1 generated", "2 generated");
    }
  }

  @Test
  void plannedRowsKeepTheirPlansOrderAndLoseTheColumn() {
    Dataset<Row> prompts =
        spark.createDataFrame(
            Arrays.asList(
                RowFactory.create(1, "a red circle moves up", 1, 64),
                RowFactory.create(2, "a red circle moves up", 2, 64)),
            PROMPTS);
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      Dataset<Row> planned = generator.plan(prompts, TestModels.QUICK);

      Dataset<Row> results = generator.generate(planned, TestModels.QUICK);

      assertThat(planned.columns()).contains(VideoGenerator.PLAN_COLUMN);
      assertThat(results.columns())
          .containsExactly("id", "prompt", "steps", "width", VideoGenerator.RESULT_COLUMN);
      assertThat(idsByPartition(results)).containsExactly(2, 1);
    }
  }

  private static List<Integer> idsByPartition(Dataset<Row> results) {
    return results
        .select(functions.spark_partition_id().as("partition"), functions.col("id"))
        .collectAsList()
        .stream()
        .sorted(Comparator.comparingInt(row -> row.getInt(0)))
        .map(row -> row.getInt(1))
        .toList();
  }

  private static List<Work> ordered(List<Work[]> works, int[][] places) {
    int count = works.stream().mapToInt(partition -> partition.length).sum();
    Work[] ordered = new Work[count];
    for (int partition = 0; partition < places.length; partition++) {
      for (int index = 0; index < places[partition].length; index++) {
        ordered[places[partition][index]] = works.get(partition)[index];
      }
    }
    return Arrays.asList(ordered);
  }
}
