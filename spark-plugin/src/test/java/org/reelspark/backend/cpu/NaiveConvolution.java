package org.reelspark.backend.cpu;

import org.reelspark.backend.Convolution;
import org.reelspark.tensor.Tensor;

/** Convolution by its definition, in double precision. */
final class NaiveConvolution {
  private NaiveConvolution() {}

  /** Values of {@code [T, H * scale, W * scale, out]}. */
  static double[] convolve(
      Tensor x, Convolution convolution, Tensor history, Tensor residual, int scale) {
    int frames = x.shape().intSize(0);
    int height = x.shape().intSize(1) * scale;
    int width = x.shape().intSize(2) * scale;
    float[] weight = convolution.weight().toFloats();
    float[] bias = convolution.bias().toFloats();
    float[] added = residual == null ? null : residual.toFloats();
    double[] now = norm(x, convolution.gamma());
    double[] before = history == null ? new double[0] : norm(history, convolution.gamma());
    int past = history == null ? 0 : history.shape().intSize(0);
    int inputs = convolution.inputs();
    int pictureLength = height / scale * (width / scale) * inputs;
    double[] out = new double[frames * height * width * convolution.outputs()];
    int index = 0;
    for (int t = 0; t < frames; t++) {
      for (int y = 0; y < height; y++) {
        for (int x0 = 0; x0 < width; x0++) {
          for (int o = 0; o < convolution.outputs(); o++, index++) {
            double sum = bias[o] + (added == null ? 0 : added[index]);
            int w = o * weight.length / convolution.outputs();
            for (int kt = 0; kt < convolution.kernelFrames(); kt++) {
              for (int ky = 0; ky < convolution.kernelHeight(); ky++) {
                for (int kx = 0; kx < convolution.kernelWidth(); kx++, w += inputs) {
                  int frame = t + kt - convolution.kernelFrames() + 1;
                  int row = y + ky - convolution.kernelHeight() / 2;
                  int column = x0 + kx - convolution.kernelWidth() / 2;
                  if (frame < -past || row < 0 || row >= height || column < 0 || column >= width) {
                    continue;
                  }
                  double[] source = frame < 0 ? before : now;
                  int start =
                      (frame < 0 ? frame + past : frame) * pictureLength
                          + (row / scale * (width / scale) + column / scale) * inputs;
                  for (int c = 0; c < inputs; c++) {
                    sum += weight[w + c] * source[start + c];
                  }
                }
              }
            }
            out[index] = sum;
          }
        }
      }
    }
    return out;
  }

  private static double[] norm(Tensor x, Tensor gamma) {
    float[] values = x.toFloats();
    double[] normed = new double[values.length];
    int channels = x.shape().intSize(-1);
    float[] factors = gamma == null ? null : gamma.toFloats();
    for (int start = 0; start < values.length; start += channels) {
      double squares = 0;
      for (int c = 0; c < channels; c++) {
        squares += (double) values[start + c] * values[start + c];
      }
      double length = Math.max(Math.sqrt(squares), 1e-12);
      for (int c = 0; c < channels; c++) {
        double value = values[start + c];
        if (factors != null) {
          value = value / length * Math.sqrt(channels) * factors[c];
          value /= 1 + Math.exp(-value);
        }
        normed[start + c] = value;
      }
    }
    return normed;
  }
}
