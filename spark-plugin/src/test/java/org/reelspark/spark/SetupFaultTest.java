package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Faults that no other attempt mends, on executors in processes of their own. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SetupFaultTest {
  private static final int MOST_ATTEMPTS = 20;

  @TempDir Path directory;

  @Test
  void faultOfTheSetupEndsTheJobWithoutFurtherAttempts() throws IOException {
    Map<String, String> settings =
        Map.of("spark.task.maxFailures", Integer.toString(MOST_ATTEMPTS));
    try (SparkSession spark = SparkSessions.withPluginOnCluster(1, settings)) {
      AtomicInteger failures = new AtomicInteger();
      spark
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onTaskEnd(SparkListenerTaskEnd event) {
                  if (event.reason() != Success$.MODULE$) {
                    failures.incrementAndGet();
                  }
                }
              });

      assertThatThrownBy(
              () ->
                  spark
                      .range(0, 1, 1, 1)
                      .selectExpr("'a red circle moves up' prompt")
                      .write()
                      .format("reelspark")
                      .option("model", directory.resolve("nowhere").toString())
                      .mode(SaveMode.Append)
                      .save(directory.resolve("clips").toString()))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
          .hasMessageContaining("nowhere");
      // Another attempt may have begun before the driver heard of the first.
      assertThat(failures).hasValueLessThan(MOST_ATTEMPTS / 2);
      assertThat(spark.range(3).count()).as("the session goes on").isEqualTo(3);
    }
  }
}
