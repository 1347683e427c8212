package org.reelspark.spark;

import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/** What a generating task takes of its executor, where the other stages of a job take less. */
final class GenerationProfile {
  private static final String EXECUTOR_GPUS = "spark.executor.resource.gpu.amount";
  private static final String TASK_CPUS = "spark.task.cpus";

  private GenerationProfile() {}

  /**
   * A share of the executor's GPU for each of the tasks that may generate at a time; empty where
   * executors have no GPUs, as in local mode.
   */
  static Optional<ResourceProfile> of(SparkContext context, ReelsparkConf conf) {
    SparkConf sparkConf = context.conf();
    if (context.isLocal() || sparkConf.getInt(EXECUTOR_GPUS, 0) == 0) {
      return Optional.empty();
    }
    TaskResourceRequests requests =
        new TaskResourceRequests()
            .cpus(sparkConf.getInt(TASK_CPUS, 1))
            .resource(AssignedGpu.RESOURCE, 1.0 / conf.value(ReelsparkConf.TASKS_PER_GPU));
    return Optional.of(new ResourceProfileBuilder().require(requests).build());
  }
}
