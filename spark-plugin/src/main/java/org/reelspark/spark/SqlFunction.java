package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import org.apache.spark.sql.types.DataType;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import scala.Option;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * A function of ours as Spark's catalogue knows it.
 *
 * @param usage what DESCRIBE FUNCTION shows; {@code _FUNC_} stands for the name
 * @param arguments lines of DESCRIBE FUNCTION EXTENDED
 * @param examples likewise
 * @param argumentTypes what arguments are cast to
 * @param optionalArguments how many of the last ones may be left out, and then are null
 * @param body makes the Scala function of {@code argumentTypes.size()} parameters, with the
 *     settings of the query that calls it
 */
record SqlFunction(
    String name,
    String usage,
    String arguments,
    String examples,
    List<DataType> argumentTypes,
    int optionalArguments,
    DataType returnType,
    Determinism determinism,
    Function<ReelsparkConf, Object> body) {

  /** Whether Spark may evaluate a call twice, or once for equal calls. */
  enum Determinism {
    DETERMINISTIC,
    /**
     * Computes on the executor's device, for which it may have to wait. RAPIDS evaluates
     * deterministic functions inside its own operators, where waiting would keep the GPU from its
     * other tasks; it leaves operators with others to Spark. Over columns nothing waits.
     */
    DETERMINISTIC_ON_DEVICE,
    NONDETERMINISTIC;

    boolean holdsForCurrentQuery(ReelsparkConf conf) {
      return switch (this) {
        case DETERMINISTIC -> true;
        case DETERMINISTIC_ON_DEVICE ->
            !Rapids.isBesideCurrentQuery() || Rapids.attendsOverColumns(conf);
        case NONDETERMINISTIC -> false;
      };
    }
  }

  void register(SparkSessionExtensions extensions) {
    AbstractFunction1<Seq<Expression>, Expression> builder =
        new AbstractFunction1<>() {
          @Override
          public Expression apply(Seq<Expression> children) {
            return expression(CollectionConverters.asJava(children));
          }
        };
    extensions.injectFunction(new Tuple3<>(new FunctionIdentifier(name), info(), builder));
  }

  private ExpressionInfo info() {
    return new ExpressionInfo(
        SqlFunction.class.getName(),
        null,
        name,
        usage,
        section("Arguments", arguments),
        section("Examples", examples),
        "",
        "misc_funcs",
        "0.1.0",
        "",
        "java_udf");
  }

  /** The layout that {@link ExpressionInfo} asserts. */
  private static String section(String title, String lines) {
    return "\n    %s:\n%s  ".formatted(title, lines.indent(6));
  }

  private Expression expression(List<Expression> given) {
    int least = argumentTypes.size() - optionalArguments;
    if (given.size() < least || given.size() > argumentTypes.size()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "%s takes %s arguments, found %d; see DESCRIBE FUNCTION EXTENDED %s"
              .formatted(name, argumentCount(), given.size(), name));
    }
    List<Expression> arguments = new ArrayList<>();
    for (int index = 0; index < argumentTypes.size(); index++) {
      DataType type = argumentTypes.get(index);
      if (index < given.size()) {
        arguments.add(cast(given.get(index), type));
      } else {
        arguments.add(Literal.create(null, type));
      }
    }
    ReelsparkConf conf = ReelsparkConf.ofCurrentQuery();
    StartSettings.warnOfLateOnes(conf);
    return new ScalaUDF(
        body.apply(conf),
        returnType,
        sequence(arguments),
        sequence(List.of()),
        Option.empty(),
        Option.apply(name),
        true,
        determinism.holdsForCurrentQuery(conf));
  }

  private String argumentCount() {
    int most = argumentTypes.size();
    return optionalArguments == 0 ? "" + most : most - optionalArguments + " to " + most;
  }

  private static Expression cast(Expression expression, DataType type) {
    return new Cast(expression, type, Option.empty(), Cast.apply$default$4());
  }

  private static <T> Seq<T> sequence(List<T> list) {
    return CollectionConverters.asScala(list).toList();
  }
}
