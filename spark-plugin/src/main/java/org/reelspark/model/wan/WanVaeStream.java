package org.reelspark.model.wan;

import java.util.IdentityHashMap;
import java.util.Map;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.Tensor;

/**
 * One run of the decoder over a video, a group of latent frames after the other. Videos are {@code
 * [frames, height, width, channels]}. Groups of any sizes give the same pixels, because every
 * convolution in time looks back only, and remembers what it has seen.
 */
final class WanVaeStream implements AutoCloseable {
  private final Backend backend;
  private final WanVaeConfig config;
  private final WanVaeWeights weights;
  private final TensorPool pool;
  private final Map<Convolution, FrameHistory> histories = new IdentityHashMap<>();
  private boolean started;

  WanVaeStream(Backend backend, WanVaeConfig config, WanVaeWeights weights) {
    this.backend = backend;
    this.config = config;
    this.weights = weights;
    this.pool = new TensorPool(backend);
  }

  /**
   * Decodes the next latent frames.
   *
   * @param latents {@code [F, h, w, C]}, with their own mean and deviation
   * @return {@code [frames, H, W, 3]}, about -1 to 1; valid until the next call
   */
  Tensor decode(Tensor latents) {
    pool.giveAll();
    Tensor z = like(latents, config.latentChannels());
    backend.linear(latents, weights.afterQuantisation(), Activation.NONE, z);
    Tensor x = causal(z, weights.in());
    pool.give(z);
    x = replace(x, residualBlock(x, weights.middleFirst()));
    x = replace(x, attention(x));
    x = replace(x, residualBlock(x, weights.middleLast()));
    for (WanVaeWeights.UpBlock block : weights.upBlocks()) {
      x = replace(x, upBlock(x, block));
    }
    x = replace(x, causal(x, weights.out()));
    if (config.patch() > 1) {
      x = replace(x, unpatchify(x));
    }
    started = true;
    return x;
  }

  private Tensor upBlock(Tensor input, WanVaeWeights.UpBlock block) {
    Tensor x = input;
    for (WanVaeWeights.ResidualBlock residualBlock : block.residualBlocks()) {
      Tensor next = residualBlock(x, residualBlock);
      if (x != input) {
        pool.give(x);
      }
      x = next;
    }
    if (block.upsampling() == null) {
      return x;
    }
    Tensor large = replace(x, upsample(x, block.upsampling()));
    if (config.shortcuts()) {
      int frameFactor = block.upsampling().frames() == null ? 1 : 2;
      int dropped = started ? 0 : frameFactor - 1;
      backend.duplicateUpsampleAdd(input, frameFactor, dropped, large);
    }
    return large;
  }

  private Tensor residualBlock(Tensor x, WanVaeWeights.ResidualBlock block) {
    Tensor hidden = causal(x, block.first());
    Tensor residual = x;
    if (block.shortcut() != null) {
      residual = like(x, block.outputs());
      backend.linear(x, block.shortcut(), Activation.NONE, residual);
    }
    Tensor out = causal(hidden, block.second(), residual);
    pool.give(hidden);
    if (block.shortcut() != null) {
      pool.give(residual);
    }
    return out;
  }

  /** Every pixel attends to the pixels of its frame. */
  private Tensor attention(Tensor x) {
    WanVaeWeights.Attention attention = weights.attention();
    int width = config.middleWidth();
    Tensor normed = like(x, width);
    Tensor query = like(x, width);
    Tensor key = like(x, width);
    Tensor value = like(x, width);
    Tensor out = like(x, width);
    backend.channelNorm(x, attention.gamma(), Activation.NONE, normed);
    backend.linear(normed, attention.query(), Activation.NONE, query);
    backend.linear(normed, attention.key(), Activation.NONE, key);
    backend.linear(normed, attention.value(), Activation.NONE, value);
    Tensor attended = normed;
    backend.attention(
        new AttentionInputs(
            oneHead(query), oneHead(key), oneHead(value), AttentionLayout.TOKEN_MAJOR),
        AttentionParameters.dense(1, (float) (1 / Math.sqrt(width))),
        oneHead(attended));
    backend.copy(x, out);
    backend.linearAdd(attended, attention.out(), null, out);
    pool.give(normed);
    pool.give(query);
    pool.give(key);
    pool.give(value);
    return out;
  }

  /** {@code [frames, pixels, 1, channels]}: frames are a batch. */
  private static Tensor oneHead(Tensor x) {
    long[] sizes = x.shape().toArray();
    return x.reshape(sizes[0], sizes[1] * sizes[2], 1, sizes[3]);
  }

  private Tensor upsample(Tensor x, WanVaeWeights.Upsampling upsampling) {
    Tensor frames = upsampling.frames() == null ? x : doubleFrames(x, upsampling.frames());
    long[] sizes = frames.shape().toArray();
    Convolution picture = upsampling.picture();
    Tensor out = pool.take(sizes[0], 2 * sizes[1], 2 * sizes[2], picture.outputs());
    backend.upsampleConvolve(frames, picture, out);
    if (frames != x) {
      pool.give(frames);
    }
    return out;
  }

  /** Two frames of each, except for the video's first, which passes and is not looked back to. */
  private Tensor doubleFrames(Tensor x, Convolution convolution) {
    long[] sizes = x.shape().toArray();
    int passing = started ? 0 : 1;
    long frames = 2 * sizes[0] - passing;
    Tensor out = pool.take(frames, sizes[1], sizes[2], sizes[3]);
    if (passing > 0) {
      backend.copy(x.slice(0, passing), out.slice(0, passing));
    }
    if (sizes[0] > passing) {
      Tensor pairs = causal(x.slice(passing, sizes[0]), convolution);
      backend.interleaveFrames(pairs, out.slice(passing, frames));
      pool.give(pairs);
    }
    return out;
  }

  private Tensor unpatchify(Tensor x) {
    long[] sizes = x.shape().toArray();
    int patch = config.patch();
    Tensor out = pool.take(sizes[0], sizes[1] * patch, sizes[2] * patch, sizes[3] / patch / patch);
    backend.unpatchifyPixels(x, patch, out);
    return out;
  }

  private Tensor causal(Tensor x, Convolution convolution) {
    return causal(x, convolution, null);
  }

  private Tensor causal(Tensor x, Convolution convolution, Tensor residual) {
    FrameHistory history =
        histories.computeIfAbsent(convolution, absent -> new FrameHistory(backend, convolution, x));
    Tensor out = like(x, convolution.outputs());
    backend.convolve(x, convolution, history.frames(), residual, out);
    history.append(x);
    return out;
  }

  /** A tensor for the same frames and pixels. */
  private Tensor like(Tensor x, int channels) {
    return pool.take(x.shape().size(0), x.shape().size(1), x.shape().size(2), channels);
  }

  private Tensor replace(Tensor old, Tensor next) {
    pool.give(old);
    return next;
  }

  @Override
  public void close() {
    histories.values().forEach(FrameHistory::close);
    pool.close();
  }
}
