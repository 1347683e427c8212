package com.nvidia.spark;

import ai.rapids.cudf.ColumnVector;

/** Stand-in for what RAPIDS calls with columns instead of rows. */
public interface RapidsUDF {
  default ColumnVector evaluateColumnar(int numRows, ColumnVector... args) {
    throw new UnsupportedOperationException("no columnar evaluation");
  }
}
