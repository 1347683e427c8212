package org.reelspark.model.wan;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** What a backend on the host may allocate at a time, as the arena of a device limits it. */
final class MemoryBudget {
  private final long limit;
  private long used;
  private long mostUsed;
  private int refusals;

  /**
   * @param limit bytes
   */
  MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** The most bytes that were allocated at a time. */
  long mostUsed() {
    return mostUsed;
  }

  /** How many allocations were refused. */
  int refusals() {
    return refusals;
  }

  /** A backend that computes with another, and allocates within this budget. */
  Backend limiting(Backend backend) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("allocate")) {
                return arguments.length == 1
                    ? allocate(DType.F32, Shape.of((long[]) arguments[0]))
                    : allocate((DType) arguments[0], (Shape) arguments[1]);
              }
              try {
                return method.invoke(backend, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Tensor allocate(DType dtype, Shape shape) {
    long byteSize = shape.elementCount() * dtype.bytes();
    if (used + byteSize > limit) {
      refusals++;
      throw new ReelsparkException(
          ErrorCode.OUT_OF_MEMORY, "%d of %d bytes are in use".formatted(used, limit));
    }
    used += byteSize;
    mostUsed = Math.max(mostUsed, used);
    return Tensor.owning(dtype, shape, new Counted(HostMemory.allocate(byteSize)));
  }

  private final class Counted implements Memory {
    private final Memory memory;
    private boolean closed;

    Counted(Memory memory) {
      this.memory = memory;
    }

    @Override
    public long address() {
      return memory.address();
    }

    @Override
    public long byteSize() {
      return memory.byteSize();
    }

    @Override
    public MemorySpace space() {
      return memory.space();
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        used -= byteSize();
        memory.close();
      }
    }
  }
}
