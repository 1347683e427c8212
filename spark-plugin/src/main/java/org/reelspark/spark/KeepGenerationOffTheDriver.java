package org.reelspark.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;

/**
 * Has {@code generate_video} run in tasks only. Spark's optimizer evaluates projections over
 * literal rows by itself, on the driver and even for EXPLAIN; it does not see through the coalesce
 * that this rule puts in between, which changes neither rows nor partitions.
 */
final class KeepGenerationOffTheDriver extends Rule<LogicalPlan> {
  private static final int AS_MANY_PARTITIONS_AS_THERE_ARE = Integer.MAX_VALUE;

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.resolveOperatorsUp(
        new AbstractPartialFunction<LogicalPlan, LogicalPlan>() {
          @Override
          public boolean isDefinedAt(LogicalPlan node) {
            return node.children().size() == 1
                && generatesOverLiteralRows(node, node.children().head());
          }

          @Override
          public LogicalPlan apply(LogicalPlan node) {
            LogicalPlan child = node.children().head();
            LogicalPlan barrier = new Repartition(AS_MANY_PARTITIONS_AS_THERE_ARE, false, child);
            return node.withNewChildren(sequence(List.of(barrier)));
          }
        });
  }

  private static boolean generatesOverLiteralRows(LogicalPlan node, LogicalPlan child) {
    return !(child instanceof Repartition)
        && node.expressions().exists(predicate(KeepGenerationOffTheDriver::generates))
        && child.exists(predicate(LocalRelation.class::isInstance));
  }

  private static boolean generates(Expression expression) {
    return expression.exists(
        predicate(
            node ->
                node instanceof ScalaUDF udf && udf.function() instanceof GenerateVideoFunction));
  }

  private static <T> AbstractFunction1<T, Object> predicate(
      java.util.function.Predicate<T> predicate) {
    return new AbstractFunction1<>() {
      @Override
      public Object apply(T value) {
        return predicate.test(value);
      }
    };
  }

  private static <T> Seq<T> sequence(List<T> list) {
    return CollectionConverters.asScala(list).toList();
  }
}
