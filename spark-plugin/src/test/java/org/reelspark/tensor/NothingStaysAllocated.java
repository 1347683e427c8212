package org.reelspark.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Has each test of a class fail that leaves host memory unclosed after all its methods {@code
 * AfterEach}. Those close the backend: its threads keep scratch memory, and which of them need some
 * differs from run to run.
 */
public final class NothingStaysAllocated implements BeforeEachCallback, AfterEachCallback {
  private static final Namespace NAMESPACE = Namespace.create(NothingStaysAllocated.class);
  private static final String BEFORE = "bytes before";

  @Override
  public void beforeEach(ExtensionContext test) {
    test.getStore(NAMESPACE).put(BEFORE, HostMemory.unclosedBytes());
  }

  @Override
  public void afterEach(ExtensionContext test) {
    assertThat(HostMemory.unclosedBytes())
        .as("unclosed bytes")
        .isEqualTo(test.getStore(NAMESPACE).get(BEFORE, Long.class));
  }
}
