package org.reelspark.backend.cuda;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Backend;

/**
 * Times the operations of a GPU backend by events on its stream, which do not wait. One thread at a
 * time.
 */
public final class OperationClock implements AutoCloseable {
  /** Methods of a backend that enqueue nothing. */
  private static final Set<String> NOT_TIMED =
      Set.of(
          "name",
          "describe",
          "arithmetic",
          "close",
          "activationType",
          "textType",
          "pixelType",
          "allocate");

  private final CudaBackend backend;
  private final List<Interval> free = new ArrayList<>();
  private final List<Interval> passed = new ArrayList<>();

  private boolean running;

  private static final class Interval {
    private final CudaEvent begin;
    private final CudaEvent end;
    private String operation;
    private OperationWork work;

    Interval(CudaDevice device) {
      begin = CudaEvent.timing(device);
      end = CudaEvent.timing(device);
    }
  }

  /**
   * Milliseconds on the GPU.
   *
   * @param byOperation sums by the name of the operation; attention is told apart by its keys
   * @param idle between operations
   * @param total from the first to the last
   */
  public record Times(Map<String, Spent> byOperation, double idle, double total) {}

  /** Milliseconds of all calls of an operation, and what they had to do. */
  public record Spent(double milliseconds, OperationWork work) {
    Spent plus(Spent other) {
      return new Spent(milliseconds + other.milliseconds, work.plus(other.work));
    }
  }

  public OperationClock(CudaBackend backend) {
    this.backend = backend;
  }

  /** The backend, timed while the clock runs. */
  public Backend timed() {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) ->
                method.getDeclaringClass() == Object.class
                    ? ofObject(proxy, method, arguments)
                    : call(method, arguments));
  }

  /** Starts to time. */
  public void start() {
    running = true;
  }

  /** Stops, and waits for what was enqueued since the start. */
  public Times stop() {
    running = false;
    backend.stream().synchronize();
    Map<String, Spent> byOperation = new TreeMap<>();
    double busy = 0;
    for (Interval interval : passed) {
      double milliseconds = interval.end.millisecondsSince(interval.begin);
      byOperation.merge(interval.operation, new Spent(milliseconds, interval.work), Spent::plus);
      busy += milliseconds;
    }
    double total =
        passed.isEmpty()
            ? 0
            : passed.get(passed.size() - 1).end.millisecondsSince(passed.get(0).begin);
    free.addAll(passed);
    passed.clear();
    return new Times(byOperation, total - busy, total);
  }

  private Object ofObject(Object proxy, Method method, Object[] arguments) throws Throwable {
    return method.getName().equals("equals") ? proxy == arguments[0] : invoke(method, arguments);
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    if (!running || NOT_TIMED.contains(method.getName())) {
      return invoke(method, arguments);
    }
    Interval interval =
        free.isEmpty() ? new Interval(backend.stream().device()) : free.remove(free.size() - 1);
    interval.operation = operation(method, arguments);
    interval.work = arguments == null ? OperationWork.NONE : OperationWork.of(arguments);
    // First of all, so that it is closed whatever fails.
    passed.add(interval);
    interval.begin.record(backend.stream());
    try {
      return invoke(method, arguments);
    } finally {
      interval.end.record(backend.stream());
    }
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(backend, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static String operation(Method method, Object[] arguments) {
    if (arguments != null && arguments[0] instanceof AttentionInputs inputs) {
      return "attention over %d keys".formatted(inputs.keyTokens());
    }
    return method.getName();
  }

  @Override
  public void close() {
    for (List<Interval> intervals : List.of(free, passed)) {
      for (Interval interval : intervals) {
        interval.begin.close();
        interval.end.close();
      }
      intervals.clear();
    }
  }
}
