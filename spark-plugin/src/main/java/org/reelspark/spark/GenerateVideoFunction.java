package org.reelspark.spark;

import java.io.Serializable;
import java.util.Map;
import org.reelspark.generate.GenerationInput;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationSettings;
import scala.runtime.AbstractFunction2;

/** The body of {@code generate_video}: one row, one video. */
final class GenerateVideoFunction extends AbstractFunction2<Object, Object, Object>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final ReelsparkConf conf;

  /**
   * @throws org.reelspark.error.ReelsparkException INVALID_CONFIGURATION when no model is named
   */
  GenerateVideoFunction(ReelsparkConf conf) {
    conf.checkModelIsNamed();
    this.conf = conf;
  }

  /**
   * @param prompt a String or null
   * @param options a Scala map of Strings, or null for none
   */
  @Override
  public Object apply(Object prompt, Object options) {
    GenerationInput input = new GenerationInput((String) prompt, ScalaValues.options(options));
    GenerationSettings settings = conf.generationSettings(Map.of());
    try (GenerationTask task = GenerationTask.start(conf, settings, GenerationListener.NONE)) {
      return ResultRows.of(task.runner().generate(input));
    }
  }
}
