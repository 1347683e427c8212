package org.reelspark.generate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.LayerProfile;
import org.reelspark.model.ModelDescription;

/**
 * Names a video by what was asked for: SHA-256 over plan version, model digest, request and, for
 * sparse attention, the attention profile. What computes it is not part of it: devices and
 * precisions round differently, and a video that is there should not be made again for that. Its
 * sidecar says what it was computed with.
 */
public final class ContentKey {
  /**
   * Version of the computation. Raised whenever the same request on the same model gives other
   * pixels, so that videos of the old and the new computation never share a key.
   */
  public static final int PLAN_VERSION = 2;

  private final MessageDigest digest;

  private ContentKey(MessageDigest digest) {
    this.digest = digest;
  }

  /** 64 lower-case hexadecimal digits. */
  public static String of(GenerationRequest request, ModelDescription model) {
    ContentKey key = new ContentKey(sha256());
    key.add("reelspark");
    key.add(PLAN_VERSION);
    key.add(model.digest());
    key.add(request.prompt());
    key.add(request.negativePrompt());
    key.add(request.seed());
    key.add(request.width());
    key.add(request.height());
    key.add(request.frames());
    key.add(request.steps());
    key.add(Float.floatToIntBits(request.guidanceScale()));
    key.add(Double.doubleToLongBits(request.framesPerSecond()));
    key.add(request.attention().name());
    key.add(request.format().name());
    if (request.guidanceStart() > 0 || request.guidanceEnd() < 1) {
      key.add("guidance interval");
      key.add(Float.floatToIntBits(request.guidanceStart()));
      key.add(Float.floatToIntBits(request.guidanceEnd()));
    }
    if (request.cacheThreshold() > 0) {
      key.add("first-block cache");
      key.add(Float.floatToIntBits(request.cacheThreshold()));
    }
    if (request.attention() == AttentionMode.SPARSE) {
      key.add(model.profile().orElseThrow());
    }
    return HexFormat.of().formatHex(key.digest.digest());
  }

  private void add(AttentionProfile profile) {
    add(profile.order().name());
    add(profile.layers().size());
    for (LayerProfile layer : profile.layers()) {
      add(layer.ranges().size());
      for (LayerProfile.TimestepRange range : layer.ranges()) {
        add(Float.floatToIntBits(range.fromTimestep()));
        add(range.heads().size());
        range.heads().forEach(this::add);
      }
    }
  }

  private void add(HeadParameters head) {
    if (head.selection() instanceof BlockSelection.Dense) {
      add("dense");
    } else if (head.selection() instanceof BlockSelection.TopCdf topCdf) {
      add("top cdf");
      add(Float.floatToIntBits(topCdf.threshold()));
    } else if (head.selection() instanceof BlockSelection.TopK topK) {
      add("top k");
      add(Float.floatToIntBits(topK.fraction()));
    }
    add(Float.floatToIntBits(head.similarityThreshold()));
    add(Float.floatToIntBits(head.pvThreshold()));
  }

  /** Length first, so that no two lists of texts look alike. */
  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    add(bytes.length);
    digest.update(bytes);
  }

  private void add(long number) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(number).flip());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
