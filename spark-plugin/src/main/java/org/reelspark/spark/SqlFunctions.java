package org.reelspark.spark;

import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.reelspark.generate.GenerationOption;
import org.reelspark.spark.SqlFunction.Determinism;
import org.reelspark.spark.rapids.RapidsFunctions;

/** The functions that Reelspark adds to SQL. */
final class SqlFunctions {
  private static final DataType OPTIONS =
      DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType);
  private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);

  private static final SqlFunction GENERATE_VIDEO =
      new SqlFunction(
          "generate_video",
          """
          _FUNC_(prompt[, options]) - Generates a video of the prompt with the model of \
          spark.reelspark.model.directory. Returns a struct with the status, the uri (when \
          spark.reelspark.output.directory is set) or bytes of the video, the settings, timings \
          and, where there is no video, the error.""",
          "prompt - a string that describes the video\noptions - a map of strings:\n"
              + optionLines(),
          """
          > SELECT _FUNC_('a red square moves right', map('seed', 7)).status;
           generated
          """,
          List.of(DataTypes.StringType, OPTIONS),
          1,
          ResultRows.SCHEMA,
          // Minutes of work: Spark must not evaluate it twice or out of order.
          Determinism.NONDETERMINISTIC,
          GenerateVideoFunction::new);

  private static final SqlFunction SPARSE_ATTENTION =
      new SqlFunction(
          "sparse_attention",
          """
          _FUNC_(q, k, v, head_dimension[, options]) - Attends from the tokens of q to those of k \
          and v, leaving out the key blocks that the options allow to leave out. Returns an array \
          like q.""",
          """
          q - array of floats: tokens x heads x head_dimension, head_dimension fastest
          k - array of floats: tokens x key_heads x head_dimension
          v - array of floats like k
          head_dimension - values of one head
          options - a map of strings:
            heads, key_heads - number of heads; default: 1 and heads
            top_cdf - keep the most probable blocks up to this cumulative probability
            top_k - keep this fraction of the blocks
            similarity_threshold - always keep blocks that are no more self-similar than this
            pv_threshold - leave out blocks whose scores lie this far below the maximum (log2)
            causal, sink - true or false
            scale - factor on scores; default: 1 / sqrt(head_dimension)
          """,
          """
          > SELECT _FUNC_(array(1, 0), array(1, 0), array(3, 4), 2);
           [3.0,4.0]
          """,
          List.of(FLOATS, FLOATS, FLOATS, DataTypes.IntegerType, OPTIONS),
          1,
          FLOATS,
          Determinism.DETERMINISTIC_ON_DEVICE,
          SqlFunctions::sparseAttention);

  private static final SqlFunction HILBERT_INDEX =
      new SqlFunction(
          "hilbert_index",
          """
          _FUNC_(t, h, w, frames, height, width) - Returns the place of token (t, h, w) on the \
          Hilbert curve through a grid of frames x height x width tokens.""",
          """
          t, h, w - frame, row and column of the token, from 0
          frames, height, width - sizes of the grid
          """,
          """
          > SELECT _FUNC_(0, 0, 0, 4, 8, 8);
           0
          """,
          Collections.nCopies(6, DataTypes.IntegerType),
          0,
          DataTypes.IntegerType,
          Determinism.DETERMINISTIC,
          conf -> new HilbertIndexFunction());

  static final List<SqlFunction> ALL = List.of(GENERATE_VIDEO, SPARSE_ATTENTION, HILBERT_INDEX);

  private SqlFunctions() {}

  private static Object sparseAttention(ReelsparkConf conf) {
    SparseAttentionFunction ofRows = new SparseAttentionFunction(conf);
    return Rapids.attendsOverColumns(conf) ? RapidsFunctions.ofColumns(ofRows) : ofRows;
  }

  private static String optionLines() {
    StringBuilder lines = new StringBuilder();
    for (GenerationOption option : GenerationOption.values()) {
      lines.append("  %s - %s%n".formatted(option.key(), option.help()));
    }
    return lines.toString();
  }
}
