package org.reelspark.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A standalone master and workers of one core, each worker on an address of its own, as if on
 * machines of their own. In {@code local-cluster} they share one, and Spark does not speculate on
 * the machine where a task is slow.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final String MASTER_HOST = "127.0.0.1";
  private final List<Process> processes = new ArrayList<>();
  private final Path directory;
  private final String url;

  private StandaloneCluster(Path directory, String url) {
    this.directory = directory;
    this.url = url;
  }

  /**
   * @param directory for logs and work of executors
   */
  static StandaloneCluster start(int workers, Path directory) throws IOException {
    String port = Integer.toString(freePort());
    StandaloneCluster cluster =
        new StandaloneCluster(directory, "spark://" + MASTER_HOST + ":" + port);
    cluster.daemon(
        "org.apache.spark.deploy.master.Master",
        "--host",
        MASTER_HOST,
        "--port",
        port,
        "--webui-port",
        "0");
    for (int worker = 0; worker < workers; worker++) {
      cluster.daemon(
          "org.apache.spark.deploy.worker.Worker",
          "--host",
          "127.0.0." + (2 + worker),
          "--cores",
          "1",
          "--memory",
          "1g",
          "--webui-port",
          "0",
          "--work-dir",
          directory.resolve("work").toString(),
          cluster.url);
    }
    return cluster;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(MASTER_HOST))) {
      return socket.getLocalPort();
    }
  }

  private void daemon(String main, String... arguments) throws IOException {
    Path log = directory.resolve("daemon-%d.log".formatted(processes.size()));
    processes.add(Processes.start(Processes.java("128m", main, arguments), log));
  }

  String url() {
    return url;
  }

  /** Ends the daemons, and executors that no longer hear them. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        processes.stream()
            .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(process -> process.onExit().join());
  }
}
