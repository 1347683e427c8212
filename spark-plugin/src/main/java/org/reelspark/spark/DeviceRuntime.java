package org.reelspark.spark;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.reelspark.backend.Backend;
import org.reelspark.backend.StreamAttention;
import org.reelspark.backend.cuda.CudaBackend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.Cancellation;
import org.reelspark.generate.DeviceGate;
import org.reelspark.generate.SharedModel;
import org.reelspark.model.VideoModel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an executor keeps between tasks: its backend and the one model that it has loaded. Both come
 * to be when first used.
 */
final class DeviceRuntime implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceRuntime.class);
  private static final long POLL_MILLIS = 100;

  /** Loads the model of a directory. */
  @FunctionalInterface
  interface ModelLoader {
    VideoModel load(String directory, Backend backend);
  }

  private final Function<ReelsparkConf, Backend> backends;
  private final ModelLoader loader;
  private final DeviceGate gate = new DeviceGate();

  /** Changed under the lock of this object, which a task holds as long as a model loads. */
  private volatile Backend backend;

  private String loadedDirectory;
  private SharedModel model;
  private int leases;

  /** Read by metrics, which must not wait for a model that loads. */
  private final AtomicInteger loads = new AtomicInteger();

  DeviceRuntime(Function<ReelsparkConf, Backend> backends, ModelLoader loader) {
    this.backends = backends;
    this.loader = loader;
  }

  /** The right to use a model until closed; the model stays loaded afterwards. */
  final class Lease implements AutoCloseable {
    private final SharedModel leased;

    private Lease(SharedModel leased) {
      this.leased = leased;
    }

    SharedModel model() {
      return leased;
    }

    @Override
    public void close() {
      release();
    }
  }

  /**
   * Leases the model that the configuration names, after loading it if need be. While another model
   * is leased, waits; then replaces it.
   *
   * @throws ReelsparkException of class CONFIG when the model cannot be loaded
   */
  synchronized Lease lease(ReelsparkConf conf, Cancellation cancellation) {
    String directory = conf.value(ReelsparkConf.MODEL_DIRECTORY);
    while (leases > 0 && !directory.equals(loadedDirectory)) {
      awaitRelease(cancellation);
    }
    if (!directory.equals(loadedDirectory)) {
      closeModel();
      model = new SharedModel(loader.load(directory, backend(conf)), gate);
      loadedDirectory = directory;
      loads.incrementAndGet();
    }
    leases++;
    return new Lease(model);
  }

  /** Runs {@code work} alone with the backend. */
  <T> T withBackend(ReelsparkConf conf, Cancellation cancellation, Function<Backend, T> work) {
    Backend shared = backend(conf);
    return gate.exclusively(cancellation, () -> work.apply(shared));
  }

  /**
   * Attention for a library that works on the executor's GPU too. Callers need no turn on the
   * device, and wait for nothing once the backend has been created.
   *
   * @throws ReelsparkException BACKEND_UNAVAILABLE when the backend is not a GPU's
   */
  StreamAttention streamAttention(ReelsparkConf conf) {
    Backend started = backend;
    Backend shared = started == null ? backend(conf) : started;
    if (shared instanceof CudaBackend cuda) {
      return cuda.streamAttention();
    }
    throw new ReelsparkException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "RAPIDS asks for attention on the GPU, but this executor computes with backend '%s'; set %s=cuda for the application, not for a session"
            .formatted(shared.name(), ReelsparkConf.BACKEND.key()));
  }

  /** Creates the backend now, so that a failure shows before the first video. */
  void startBackend(ReelsparkConf conf) {
    backend(conf);
  }

  /** How many models have been loaded so far. */
  int loads() {
    return loads.get();
  }

  /** Threads that wait for the device. */
  int queueLength() {
    return gate.queueLength();
  }

  /** Frees model and backend. Later use starts anew. */
  @Override
  public synchronized void close() {
    closeModel();
    if (backend != null) {
      Backend closing = backend;
      backend = null;
      gate.exclusively(
          Cancellation.NEVER,
          () -> {
            closing.close();
            return null;
          });
    }
  }

  private synchronized Backend backend(ReelsparkConf conf) {
    if (backend == null) {
      backend = backends.apply(conf);
      LOG.info("Backend {}: {}", backend.name(), backend.describe());
    }
    return backend;
  }

  private void closeModel() {
    if (model != null) {
      model.close();
      model = null;
      loadedDirectory = null;
    }
  }

  private synchronized void release() {
    leases--;
    notifyAll();
  }

  private void awaitRelease(Cancellation cancellation) {
    cancellation.check();
    try {
      wait(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancellation.check();
      throw new ReelsparkException(
          ErrorCode.CANCELLED, "interrupted while waiting for another model", e);
    }
  }
}
