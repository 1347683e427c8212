package org.reelspark.spark;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Adds the SQL functions to a session. {@link ReelsparkPlugin} configures it; without the plugin,
 * {@code spark.sql.extensions=org.reelspark.spark.ReelsparkExtensions} does.
 */
public final class ReelsparkExtensions
    extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    SqlFunctions.ALL.forEach(function -> function.register(extensions));
    extensions.injectPostHocResolutionRule(
        new AbstractFunction1<>() {
          @Override
          public Rule<LogicalPlan> apply(SparkSession session) {
            return new KeepGenerationOffTheDriver();
          }
        });
    return BoxedUnit.UNIT;
  }
}
