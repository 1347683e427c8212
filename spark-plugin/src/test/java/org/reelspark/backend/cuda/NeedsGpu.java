package org.reelspark.backend.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.reelspark.error.ReelsparkException;

/**
 * Tests that are skipped, and say why, on a machine without a GPU or in a build without kernels.
 */
@Tag("gpu")
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsGpu.Condition.class)
public @interface NeedsGpu {
  /** Whether a GPU and kernels are there. */
  final class Condition implements ExecutionCondition {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      try {
        KernelTable.ofJar();
        CudaDevice.open("0").close();
        return ConditionEvaluationResult.enabled("a GPU is there");
      } catch (ReelsparkException e) {
        if (SAID.compareAndSet(false, true)) {
          System.out.println("GPU tests are skipped: " + e.getMessage());
        }
        return ConditionEvaluationResult.disabled("needs a GPU: " + e.getMessage());
      }
    }
  }
}
