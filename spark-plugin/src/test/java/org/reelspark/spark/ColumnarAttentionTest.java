package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.rapids.cudf.ColumnVector;
import ai.rapids.cudf.HostColumns;
import com.nvidia.spark.RapidsUDF;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.Cancellation;
import org.reelspark.spark.rapids.RapidsFunctions;
import scala.Function5;
import scala.jdk.javaapi.CollectionConverters;

/** {@code sparse_attention} over columns, which here lie in host memory, against that of rows. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ColumnarAttentionTest {
  private static final ReelsparkConf CONF = ReelsparkConf.of(Map.of());

  private final SparseAttentionFunction ofRows = new SparseAttentionFunction(CONF);
  private final Function5<Object, Object, Object, Object, Object, Object> ofColumns =
      RapidsFunctions.ofColumns(new AttentionOnHost(ofRows));
  private final List<Row> rows = new ArrayList<>();
  private final Random random = new Random(7);
  private final long openBefore = HostColumns.open();

  /** The next test of this JVM may ask for another number of threads. */
  @AfterAll
  static void closeBackend() {
    ExecutorRuntime.close();
  }

  @AfterEach
  void everythingIsClosed() {
    assertThat(HostColumns.open()).isEqualTo(openBefore);
  }

  private record Row(
      List<Float> query,
      List<Float> key,
      List<Float> value,
      Integer headDimension,
      Map<String, String> options) {}

  private List<Float> floats(int count) {
    List<Float> floats = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      floats.add((float) random.nextGaussian());
    }
    return floats;
  }

  private void addRow(int queryTokens, int keyTokens, int dimension, Map<String, String> options) {
    int heads = Integer.parseInt(options == null ? "1" : options.getOrDefault("heads", "1"));
    rows.add(
        new Row(
            floats(queryTokens * heads * dimension),
            floats(keyTokens * heads * dimension),
            floats(keyTokens * heads * dimension),
            dimension,
            options));
  }

  private static List<float[]> evaluate(Object function, List<Row> rows) {
    try (ColumnVector query = HostColumns.floatLists(rows.stream().map(Row::query).toList());
        ColumnVector key = HostColumns.floatLists(rows.stream().map(Row::key).toList());
        ColumnVector value = HostColumns.floatLists(rows.stream().map(Row::value).toList());
        ColumnVector dimension = HostColumns.ints(rows.stream().map(Row::headDimension).toList());
        ColumnVector options = HostColumns.maps(rows.stream().map(Row::options).toList());
        ColumnVector result =
            ((RapidsUDF) function)
                .evaluateColumnar(rows.size(), query, key, value, dimension, options)) {
      assertThat(result.getRowCount()).isEqualTo(rows.size());
      return HostColumns.floatLists(result);
    }
  }

  private float[] evaluate(Row row) {
    return (float[])
        ofRows.apply(
            scala(row.query),
            scala(row.key),
            scala(row.value),
            row.headDimension,
            row.options == null ? null : CollectionConverters.asScala(row.options));
  }

  private static Object scala(List<Float> values) {
    return values == null ? null : CollectionConverters.asScala(values);
  }

  private void assertSameAsRows() {
    List<float[]> results = evaluate(ofColumns, rows);
    for (int row = 0; row < rows.size(); row++) {
      assertThat(results.get(row)).as("row %d", row).isEqualTo(evaluate(rows.get(row)));
    }
  }

  @Test
  void givesWhatRowsGive() {
    addRow(3, 5, 8, null);
    addRow(200, 300, 16, Map.of("top_k", "0.5"));
    addRow(130, 130, 8, Map.of("heads", "2", "causal", "true"));
    addRow(1, 1, 8, Map.of());
    addRow(129, 400, 32, Map.of("top_cdf", "0.4", "sink", "true", "scale", "0.7"));

    assertSameAsRows();
    assertThat(evaluate(ofColumns, rows)).doesNotContainNull();
  }

  @Test
  void isNullWhereAnArgumentButTheOptionsIs() {
    // A row that has no result may leave what follows at any place.
    List<Float> three = floats(3);
    addRow(3, 5, 8, null);
    rows.add(new Row(null, three, three, 8, null));
    rows.add(new Row(three, null, three, 8, Map.of()));
    rows.add(new Row(three, three, null, 8, null));
    rows.add(new Row(three, three, three, null, null));
    addRow(4, 6, 8, Map.of("heads", "2"));

    assertSameAsRows();
    assertThat(evaluate(ofColumns, rows).subList(1, 5)).containsOnlyNulls();
  }

  @Test
  void columnsMayHaveNoRowsOrNoResults() {
    assertThat(evaluate(ofColumns, rows)).isEmpty();

    rows.addAll(
        Arrays.asList(new Row(null, null, null, null, null), new Row(null, null, null, 8, null)));
    assertThat(evaluate(ofColumns, rows)).containsExactly(null, null);
  }

  @Test
  void nullsAreMarkedBeyondTheFirstBlockOfBits() {
    for (int i = 0; i < 600; i++) {
      addRow(1, 1, 8, null);
    }
    rows.set(599, new Row(null, null, null, 8, null));

    assertSameAsRows();
  }

  @Test
  void wrongRowsFailAsTheyDoByThemselves() {
    assertFailsAsByItself(new Row(floats(9), floats(8), floats(8), 8, null), "9 values");
    assertFailsAsByItself(new Row(floats(8), floats(8), floats(16), 8, null), "8 and 16 values");
    assertFailsAsByItself(new Row(floats(8), floats(8), floats(8), 0, null), "found 0");
    assertFailsAsByItself(
        new Row(floats(8), floats(8), floats(8), 8, Map.of("topk", "1")), "unknown option 'topk'");
    List<Float> gap = floats(8);
    gap.set(5, null);
    assertFailsAsByItself(new Row(floats(8), gap, floats(8), 8, null), "k has a null at place 5");
  }

  private void assertFailsAsByItself(Row row, String part) {
    rows.clear();
    addRow(2, 2, 8, null);
    rows.add(row);

    assertThatThrownBy(() -> evaluate(row))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining(part)
        .satisfies(
            byItself ->
                assertThatThrownBy(() -> evaluate(ofColumns, rows))
                    .isInstanceOf(ReelsparkException.class)
                    .hasMessage(byItself.getMessage()));
  }

  @Test
  void doesNotWaitForTheDevice() throws InterruptedException {
    addRow(2, 2, 8, null);
    CountDownLatch taken = new CountDownLatch(1);
    CompletableFuture<String> released = new CompletableFuture<>();
    CompletableFuture<String> generation =
        CompletableFuture.supplyAsync(
            () ->
                ExecutorRuntime.instance()
                    .withBackend(
                        CONF,
                        Cancellation.NEVER,
                        backend -> {
                          taken.countDown();
                          return released.join();
                        }));
    taken.await();

    assertThat(evaluate(ofColumns, rows)).hasSize(1);

    assertThat(generation).isNotDone();
    released.complete("released");
    assertThat(Await.end(generation)).isEqualTo("released");
  }

  @Test
  void travelsToExecutorsAndStillTakesRows() throws IOException, ClassNotFoundException {
    addRow(2, 2, 8, Map.of());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
      objects.writeObject(ofColumns);
    }
    Object arrived;
    try (ObjectInputStream objects =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      arrived = objects.readObject();
    }

    Row row = rows.get(0);
    assertThat(evaluate(arrived, rows)).containsExactly(evaluate(row));
    assertThat(ofColumns.apply(scala(row.query), scala(row.key), scala(row.value), 8, null))
        .isEqualTo(evaluate(row));
  }
}
