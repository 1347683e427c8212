package ai.rapids.cudf;

/** Stand-in for types of columns. */
public final class DType {
  public static final DType INT32 = new DType();
  public static final DType FLOAT32 = new DType();
  public static final DType STRING = new DType();
  public static final DType LIST = new DType();
  public static final DType STRUCT = new DType();

  private DType() {}
}
