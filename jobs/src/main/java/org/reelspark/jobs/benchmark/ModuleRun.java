package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.jobs.safetensors.TensorFile;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.model.schedule.GaussianNoise;
import org.reelspark.model.schedule.SigmaSchedule;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Runs the modules of a model and keeps what went in and came out:
 *
 * <ul>
 *   <li>{@code text.states}: {@code [max tokens, width]}, zero past the prompt's tokens
 *   <li>{@code transformer.latents}: noise {@code [C, F, H, W]}
 *   <li>{@code transformer.velocity}: for those latents, states and the timestep of the metadata,
 *       attention dense and no guidance
 *   <li>{@code vae.latents}: noise {@code [C, F, H, W]}
 *   <li>{@code vae.pixels}: U8 {@code [frames, height, width, 3]}
 * </ul>
 */
final class ModuleRun implements AutoCloseable {
  private static final long SEED = 7;
  private static final int DECODED_LATENTS = GaussianNoise.INITIAL_LATENTS + 1;

  private final VideoModel model;
  private final SigmaSchedule onlyStep;
  private final Backend backend;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final SortedMap<String, Tensor> tensors = new TreeMap<>();

  /**
   * @param onlyStep the model's schedule of one step
   */
  ModuleRun(VideoModel model, SigmaSchedule onlyStep, Backend backend) {
    this.model = model;
    this.onlyStep = onlyStep;
    this.backend = backend;
    metadata.put("device", backend.describe());
    metadata.put("arithmetic", model.arithmetic());
  }

  /** Encodes a prompt and evaluates the transformer on noise. */
  void predict(String prompt, VideoGeometry geometry) {
    metadata.put("prompt", prompt);
    try (TextEmbedding text = model.encodeText(prompt)) {
      metadata.put("tokens", String.valueOf(text.tokenCount()));
      keep("text.states", text.states());
      DenoiseRequest request =
          new DenoiseRequest(geometry, 1, Guidance.throughout(1), SEED, AttentionProfile.DENSE);
      metadata.put("timestep", String.valueOf(onlyStep.timestep(0)));
      try (DenoiseResult result = model.denoise(request, text, null, DenoiseObserver.NONE)) {
        keepVelocity(geometry.latentShape(), result.latents());
      }
    }
  }

  /** The only step of a run goes from noise along the velocity to sigma 0, whatever the sampler. */
  private void keepVelocity(Shape shape, Tensor result) {
    Tensor noise = noise(shape, GaussianNoise.INITIAL_LATENTS);
    tensors.put("transformer.latents", noise);
    Tensor velocity = keep("transformer.velocity", result);
    FloatBuffer values = velocity.buffer().asFloatBuffer();
    FloatBuffer start = noise.buffer().asFloatBuffer();
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, (start.get(i) - values.get(i)) / onlyStep.sigma(0));
    }
  }

  /** Decodes noise. */
  void decode(VideoGeometry geometry) {
    Tensor noise = noise(geometry.latentShape(), DECODED_LATENTS);
    tensors.put("vae.latents", noise);
    try (Tensor latents = backend.upload(noise)) {
      tensors.put("vae.pixels", model.decode(latents));
    }
  }

  private static Tensor noise(Shape shape, int stream) {
    Tensor noise = Tensor.allocateHost(DType.F32, shape);
    GaussianNoise.fill(noise.buffer().asFloatBuffer(), SEED, stream);
    return noise;
  }

  private Tensor keep(String name, Tensor tensor) {
    Tensor host = Tensor.allocateHost(tensor.dtype(), tensor.shape());
    tensors.put(name, host);
    backend.copy(tensor, host);
    return host;
  }

  void write(Path file) throws IOException {
    TensorFile.write(file, metadata, tensors);
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
  }
}
