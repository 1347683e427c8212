package org.reelspark.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.master.Master$;
import org.apache.spark.rpc.RpcEnv;

/**
 * A standalone master in this JVM and workers of one core in others, each worker on an address of
 * its own, as if on machines of their own. In {@code local-cluster} they share one, and Spark does
 * not speculate on the machine where a task is slow.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final String MASTER_HOST = "127.0.0.1";
  private final List<Process> workers = new ArrayList<>();
  private final Path directory;
  private final RpcEnv master;

  private StandaloneCluster(Path directory, RpcEnv master) {
    this.directory = directory;
    this.master = master;
  }

  /**
   * @param directory for logs and work of executors
   */
  static StandaloneCluster start(int workers, Path directory) throws IOException {
    // The system chooses a port, and the master listens there before a worker looks for it.
    RpcEnv master =
        Master$.MODULE$.startRpcEnvAndEndpoint(MASTER_HOST, 0, 0, new SparkConf(false))._1();
    StandaloneCluster cluster = new StandaloneCluster(directory, master);
    for (int worker = 0; worker < workers; worker++) {
      cluster.startWorker("127.0.0." + (2 + worker));
    }
    return cluster;
  }

  private void startWorker(String host) throws IOException {
    Path log = directory.resolve("worker-%d.log".formatted(workers.size()));
    ProcessBuilder worker =
        Processes.java(
            "128m",
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            host,
            "--cores",
            "1",
            "--memory",
            "1g",
            "--webui-port",
            "0",
            "--work-dir",
            directory.resolve("work").toString(),
            url());
    workers.add(Processes.start(worker, log));
  }

  String url() {
    return master.address().toSparkURL();
  }

  /** Ends workers, their executors, which may no longer hear them, and the master. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        workers.stream()
            .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(process -> process.onExit().join());
    master.shutdown();
    master.awaitTermination();
  }
}
