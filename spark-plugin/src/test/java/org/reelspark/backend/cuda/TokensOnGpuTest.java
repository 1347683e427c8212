package org.reelspark.backend.cuda;

import static org.reelspark.tensor.DType.F16;
import static org.reelspark.tensor.DType.F32;

import org.junit.jupiter.api.Test;
import org.reelspark.backend.cuda.TwoBackends.Pair;

/** Latents, tokens and rows of tables against the processor's. */
class TokensOnGpuTest extends BackendComparison {
  @Test
  void movesLatentsToTokensAndBack() {
    int[] patch = {1, 2, 2};
    int[] order = {5, 3, 1, 0, 2, 4, 11, 9, 7, 6, 8, 10};
    Pair latents = both.input(F32, 16, 2, 4, 6);
    Pair tokens = both.output(F32, 12, 64);
    Pair back = both.output(F32, 16, 2, 4, 6);
    Pair video = both.output(F16, 2, 4, 6, 16);
    float[] deviations = both.input(F32, 16).cpu().toFloats();
    float[] means = both.input(F32, 16).cpu().toFloats();

    both.run(
        backend -> {
          backend.patchify(latents.of(backend), patch, order, tokens.of(backend));
          backend.unpatchify(tokens.of(backend), patch, order, back.of(backend));
          backend.latentsToVideo(latents.of(backend), deviations, means, video.of(backend));
        });

    both.assertClose(tokens, 1e-7);
    both.assertClose(back, 1e-7);
    both.assertClose(video, tolerance(F16));
  }

  @Test
  void gathersRows() {
    Pair table = both.input(F32, 9, 12);
    Pair out = both.output(F32, 4, 12);

    both.run(backend -> backend.gather(table.of(backend), new int[] {8, 0, 3, 3}, out.of(backend)));

    both.assertClose(out, 1e-7);
  }
}
