package org.reelspark.spark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.spark.Partitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SizeEstimator;
import scala.Tuple2;

/**
 * Spreads rows over tasks so that the longest videos start first, those of one shape after another.
 * Spark starts tasks by the number of their partition, so what is left for the end of a run is
 * short, and no executor works alone for long. Rows of one shape together let an executor use its
 * work memory again.
 */
final class LongestFirst {
  /** More partitions than this gain nothing: there are rows enough to balance with. */
  private static final int MOST_PARTITIONS = 10_000;

  /** Rows that take more than this in all stay on the executors. */
  private static final long MOST_BYTES_ON_THE_DRIVER = 64L << 20;

  private LongestFirst() {}

  /** What a row's video takes; naturally ordered from the longest to the shortest. */
  record Work(long tokenSteps, int width, int height, int frames) implements Comparable<Work> {
    static final Work NONE = new Work(0, 0, 0, 0);

    private static final Comparator<Work> ORDER =
        Comparator.comparingLong(Work::tokenSteps)
            .thenComparingInt(Work::width)
            .thenComparingInt(Work::height)
            .thenComparingInt(Work::frames)
            .reversed();

    @Override
    public int compareTo(Work other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * A row's work and its own size.
   *
   * @param bytes that the row takes in memory, about
   */
  record PlannedRow(Work work, long bytes) {
    /** For the way to the driver: Kryo, which a session may have chosen, takes no records. */
    long[] toNumbers() {
      return new long[] {work.tokenSteps, work.width, work.height, work.frames, bytes};
    }

    static PlannedRow ofNumbers(long[] numbers) {
      Work work = new Work(numbers[0], (int) numbers[1], (int) numbers[2], (int) numbers[3]);
      return new PlannedRow(work, numbers[4]);
    }
  }

  /** Where a row was before it was spread. */
  private record Origin(Work work, int partition, int index) {}

  /**
   * Spreads rows as evenly as their number allows: each partition gets a long one first, then
   * shorter ones.
   *
   * <p>Rows pass through the driver, so that no executor's shuffle files are needed: their loss
   * fails the stage, Spark gives up at the fourth failure, and each new attempt begins videos again
   * that other executors are making. Only rows that are too large for that are shuffled.
   *
   * @param planned the rows of each partition, in their order; a row that is not among them, as
   *     when the input gives other rows when it is read again, goes anywhere
   */
  static JavaRDD<Row> spread(JavaRDD<Row> rows, List<List<PlannedRow>> planned) {
    int[][] places = places(works(planned));
    int count = planned.stream().mapToInt(List::size).sum();
    int partitions = Math.max(1, Math.min(count, MOST_PARTITIONS));
    JavaRDD<Tuple2<Integer, Row>> placed =
        rows.mapPartitionsWithIndex(
            (partition, iterator) -> placed(iterator, places[partition]), true);
    long bytes = planned.stream().flatMap(List::stream).mapToLong(PlannedRow::bytes).sum();
    return bytes <= mostBytesOnTheDriver(rows.context().conf())
        ? throughTheDriver(placed, partitions)
        : placed
            .mapToPair(pair -> pair)
            .repartitionAndSortWithinPartitions(new RoundRobin(partitions))
            .values();
  }

  private static List<Work[]> works(List<List<PlannedRow>> planned) {
    return planned.stream()
        .map(partition -> partition.stream().map(PlannedRow::work).toArray(Work[]::new))
        .toList();
  }

  /** Half of what Spark lets a job bring to the driver, where that is less. */
  private static long mostBytesOnTheDriver(SparkConf conf) {
    long mostOfAJob = conf.getSizeAsBytes("spark.driver.maxResultSize", "1g");
    return mostOfAJob == 0
        ? MOST_BYTES_ON_THE_DRIVER
        : Math.min(MOST_BYTES_ON_THE_DRIVER, mostOfAJob / 2);
  }

  private static JavaRDD<Row> throughTheDriver(
      JavaRDD<Tuple2<Integer, Row>> placed, int partitionCount) {
    List<List<Row>> partitions = new ArrayList<>();
    for (int partition = 0; partition < partitionCount; partition++) {
      partitions.add(new ArrayList<>());
    }
    placed.collect().stream()
        .sorted(Comparator.comparing(Tuple2::_1))
        .forEach(pair -> partitions.get(pair._1() % partitionCount).add(pair._2()));
    // As many slices as lists: each partition is one of them.
    return JavaSparkContext.fromSparkContext(placed.context())
        .parallelize(partitions, partitionCount)
        .flatMap(List::iterator);
  }

  /** About what a row's values take in memory; the schema that it carries is shared. */
  static long estimatedBytes(Row row) {
    return IntStream.range(0, row.size())
        .mapToObj(row::get)
        .filter(Objects::nonNull)
        .mapToLong(
            value ->
                value instanceof Row nested
                    ? estimatedBytes(nested)
                    : SizeEstimator.estimate(value))
        .sum();
  }

  /** The place of each row of each partition in the order of all work. */
  static int[][] places(List<Work[]> works) {
    List<Origin> origins = new ArrayList<>();
    int[][] places = new int[works.size()][];
    for (int partition = 0; partition < works.size(); partition++) {
      Work[] partitionWorks = works.get(partition);
      places[partition] = new int[partitionWorks.length];
      for (int index = 0; index < partitionWorks.length; index++) {
        origins.add(new Origin(partitionWorks[index], partition, index));
      }
    }
    // Stable, so that equal rows keep the order of the input.
    origins.sort(Comparator.comparing(Origin::work));
    for (int place = 0; place < origins.size(); place++) {
      Origin origin = origins.get(place);
      places[origin.partition()][origin.index()] = place;
    }
    return places;
  }

  private static Iterator<Tuple2<Integer, Row>> placed(Iterator<Row> rows, int[] places) {
    return new Iterator<>() {
      private int index;

      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Tuple2<Integer, Row> next() {
        int place = index < places.length ? places[index] : index;
        index++;
        return new Tuple2<>(place, rows.next());
      }
    };
  }

  /** Deals rows out by their place. */
  private static final class RoundRobin extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    RoundRobin(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object place) {
      return (Integer) place % partitions;
    }
  }
}
