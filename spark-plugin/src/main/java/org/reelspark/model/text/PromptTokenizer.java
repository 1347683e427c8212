package org.reelspark.model.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tokenizer of a checkpoint, {@code tokenizer.json}. Never uses the network. */
final class PromptTokenizer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PromptTokenizer.class);

  static {
    // DJL reads both when it loads: it would else fetch libraries and report usage.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
  }

  private final HuggingFaceTokenizer tokenizer;
  private final int maxLength;

  private PromptTokenizer(HuggingFaceTokenizer tokenizer, int maxLength) {
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
  }

  /**
   * @param maxLength tokens of an encoded prompt at most, the end token included
   * @throws ReelsparkException CHECKPOINT_INVALID for a file that is no tokenizer,
   *     BACKEND_UNAVAILABLE when the native library cannot be loaded
   */
  static PromptTokenizer open(Path file, int maxLength) {
    requireNativeLibrary();
    Map<String, String> options =
        Map.of(
            "addSpecialTokens", "true",
            "padding", "false",
            "truncation", "true",
            "maxLength", Integer.toString(maxLength));
    try {
      return new PromptTokenizer(HuggingFaceTokenizer.newInstance(file, options), maxLength);
    } catch (IOException | RuntimeException e) {
      throw new ReelsparkException(
          ErrorCode.CHECKPOINT_INVALID,
          "%s: cannot be loaded as a tokenizer (%s)".formatted(file, e.getMessage()),
          e);
    }
  }

  /** Token ids of a cleaned prompt, at most {@code maxLength}, without padding. */
  int[] encode(String prompt) {
    Encoding encoding = tokenizer.encode(prompt);
    if (encoding.exceedMaxLength()) {
      LOG.warn("A prompt has more than {} tokens; the rest of it is ignored", maxLength);
    }
    long[] ids = encoding.getIds();
    long[] mask = encoding.getAttentionMask();
    return IntStream.range(0, ids.length)
        .filter(i -> mask[i] != 0)
        .map(i -> Math.toIntExact(ids[i]))
        .toArray();
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  private static void requireNativeLibrary() {
    try {
      LibUtils.checkStatus();
    } catch (RuntimeException | LinkageError e) {
      throw new ReelsparkException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "the native library of the tokenizer cannot be loaded on %s %s (%s); it is unpacked below ~/.djl.ai: where that is not writable, set the environment variable DJL_CACHE_DIR to a directory that is, on a file system that allows executables"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), cause(e)),
          e);
    }
  }

  private static String cause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }
}
