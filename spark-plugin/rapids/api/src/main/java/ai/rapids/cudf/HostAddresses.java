package ai.rapids.cudf;

import java.lang.reflect.Field;
import sun.misc.Unsafe;

/** Memory by its address. */
final class HostAddresses {
  static final Unsafe UNSAFE = unsafe();

  private HostAddresses() {}

  private static Unsafe unsafe() {
    try {
      Field field = Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return (Unsafe) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
