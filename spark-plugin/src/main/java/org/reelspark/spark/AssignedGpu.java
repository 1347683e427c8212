package org.reelspark.spark;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.resource.ResourceInformation;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Finds the one GPU that an executor may use. */
final class AssignedGpu {
  /**
   * The resource's name in Spark's settings, such as {@code spark.executor.resource.gpu.amount}.
   */
  static final String RESOURCE = "gpu";

  private AssignedGpu() {}

  /**
   * The address that Spark assigned, else the one that the configuration names.
   *
   * @param resources of the executor, by name
   * @throws ReelsparkException INVALID_CONFIGURATION when Spark assigned several
   */
  static Optional<String> address(Map<String, ResourceInformation> resources, ReelsparkConf conf) {
    ResourceInformation assigned = resources.get(RESOURCE);
    if (assigned == null || assigned.addresses().length == 0) {
      return conf.find(ReelsparkConf.GPU_DEVICE);
    }
    if (assigned.addresses().length > 1) {
      throw new ReelsparkException(
          ErrorCode.INVALID_CONFIGURATION,
          "this executor has the GPUs %s and can use one; set spark.executor.resource.gpu.amount=1, and where the cluster manager shows every GPU to every container, have it isolate them"
              .formatted(Arrays.toString(assigned.addresses())));
    }
    return Optional.of(assigned.addresses()[0]);
  }
}
