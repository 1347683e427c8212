package org.reelspark.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
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

  private LongestFirst() {}

  /** What a row's video takes; naturally ordered from the longest to the shortest. */
  record Work(long tokenSteps, int width, int height, int frames)
      implements Comparable<Work>, Serializable {
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

  /** Where a row was before it was spread. */
  private record Origin(Work work, int partition, int index) {}

  /**
   * Spreads rows as evenly as their number allows: each partition gets a long one first, then
   * shorter ones.
   *
   * @param works of the rows of each partition, in the order of the rows; a row without, as when
   *     the input gives other rows when it is read again, goes anywhere
   */
  static JavaRDD<Row> spread(JavaRDD<Row> rows, List<Work[]> works) {
    int[][] places = places(works);
    int count = works.stream().mapToInt(partition -> partition.length).sum();
    int partitions = Math.max(1, Math.min(count, MOST_PARTITIONS));
    return rows.mapPartitionsWithIndex(
            (partition, iterator) -> placed(iterator, places[partition]), true)
        .mapToPair(pair -> pair)
        .repartitionAndSortWithinPartitions(new RoundRobin(partitions))
        .values();
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
