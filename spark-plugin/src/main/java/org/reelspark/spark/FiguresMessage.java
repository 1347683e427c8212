package org.reelspark.spark;

import java.io.Serializable;
import java.util.HashMap;

/** An executor tells the driver its figures. */
record FiguresMessage(String executorId, HashMap<String, Long> figures) implements Serializable {}
