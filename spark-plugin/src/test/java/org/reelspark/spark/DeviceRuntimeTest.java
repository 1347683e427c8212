package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.Cancellation;
import org.reelspark.generate.ToyModel;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DeviceRuntimeTest {
  private final List<ToyModel> loaded = Collections.synchronizedList(new ArrayList<>());
  private final DeviceRuntime runtime =
      new DeviceRuntime(
          conf -> CpuBackend.create(new CpuOptions(1)),
          (directory, backend) -> {
            if (directory.equals("missing")) {
              throw new ReelsparkException(ErrorCode.MODEL_NOT_FOUND, "on purpose");
            }
            ToyModel model = ToyModel.withDigest(directory);
            loaded.add(model);
            return model;
          });

  @AfterEach
  void close() {
    runtime.close();
  }

  private DeviceRuntime.Lease lease(String directory) {
    ReelsparkConf conf = ReelsparkConf.of(Map.of(ReelsparkConf.MODEL_DIRECTORY.key(), directory));
    return runtime.lease(conf, Cancellation.NEVER);
  }

  @Test
  void tasksAtTheSameTimeShareOneModel() throws InterruptedException {
    List<Thread> tasks = new ArrayList<>();
    CountDownLatch allHold = new CountDownLatch(4);
    for (int i = 0; i < 4; i++) {
      Thread task =
          new Thread(
              () -> {
                try (DeviceRuntime.Lease lease = lease("a")) {
                  assertThat(lease.model().description().digest()).isEqualTo("a");
                  allHold.countDown();
                  allHold.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      task.start();
      tasks.add(task);
    }
    for (Thread task : tasks) {
      task.join();
    }

    assertThat(loaded).hasSize(1);
    assertThat(runtime.loads()).isEqualTo(1);
  }

  @Test
  void modelStaysLoadedBetweenTasks() {
    lease("a").close();
    lease("a").close();

    assertThat(loaded).hasSize(1);
    assertThat(loaded.get(0).closed()).isZero();
  }

  @Test
  void anotherModelReplacesTheUnusedOne() {
    lease("a").close();
    lease("b").close();

    assertThat(loaded).hasSize(2);
    assertThat(loaded.get(0).closed()).isEqualTo(1);
    assertThat(loaded.get(1).closed()).isZero();
  }

  @Test
  void anotherModelWaitsUntilTheUsedOneIsReleased() throws InterruptedException {
    CountDownLatch swapped = new CountDownLatch(1);
    Thread other;
    try (DeviceRuntime.Lease first = lease("a")) {
      other =
          new Thread(
              () -> {
                lease("b").close();
                swapped.countDown();
              });
      other.start();

      assertThat(swapped.await(300, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(first.model().description().digest()).isEqualTo("a");
      assertThat(loaded.get(0).closed()).isZero();
    }
    other.join();

    assertThat(loaded).hasSize(2);
  }

  @Test
  void waitForAnotherModelCanBeCancelled() {
    ReelsparkConf other = ReelsparkConf.of(Map.of(ReelsparkConf.MODEL_DIRECTORY.key(), "b"));
    Cancellation cancelled =
        () -> {
          throw new ReelsparkException(ErrorCode.CANCELLED, "on purpose");
        };

    try (DeviceRuntime.Lease first = lease("a")) {
      assertThat(first.model()).isNotNull();
      assertThatThrownBy(() -> runtime.lease(other, cancelled))
          .isInstanceOf(ReelsparkException.class);
    }
  }

  /** RAPIDS asks while a task holds its permit for the GPU. */
  @Test
  void attentionForRapidsWaitsForNoModelThatLoads() throws InterruptedException {
    ReelsparkConf conf = ReelsparkConf.of(Map.of(ReelsparkConf.MODEL_DIRECTORY.key(), "slow"));
    CountDownLatch loading = new CountDownLatch(1);
    CompletableFuture<ToyModel> loadable = new CompletableFuture<>();
    try (DeviceRuntime slow =
        new DeviceRuntime(
            any -> CpuBackend.create(new CpuOptions(1)),
            (directory, backend) -> {
              loading.countDown();
              return loadable.join();
            })) {
      CompletableFuture<Void> task =
          CompletableFuture.runAsync(() -> slow.lease(conf, Cancellation.NEVER).close());
      loading.await();

      assertThatThrownBy(() -> slow.streamAttention(conf))
          .isInstanceOf(ReelsparkException.class)
          .hasMessageContaining("this executor computes with backend 'cpu'");

      assertThat(task).isNotDone();
      loadable.complete(ToyModel.withDigest("slow"));
      Await.end(task);
    }
  }

  @Test
  void failedLoadIsTriedAnewByTheNextTask() {
    assertThatThrownBy(() -> lease("missing")).isInstanceOf(ReelsparkException.class);

    try (DeviceRuntime.Lease lease = lease("a")) {
      assertThat(lease.model().description().digest()).isEqualTo("a");
    }
  }

  @Test
  void startsAnewAfterClose() {
    lease("a").close();
    runtime.close();
    lease("a").close();

    assertThat(loaded).hasSize(2);
    assertThat(loaded.get(0).closed()).isEqualTo(1);
  }
}
