// The convolution kernels against fp64: on a GPU, `convolution_test KERNEL_DIR`, or on the host.
#include "kernel_machine.h"
#include "model_values.h"

#ifdef REELSPARK_HOST_GPU
#include "convolution.cu"
#else
#include "reelspark/convolution.h"
#endif

namespace reelspark {
namespace {

enum class Residual { kNone, kApart, kInPlace };

struct Case {
  int frames, height, width, inputs, outputs;
  int kernel_frames, kernel_height, kernel_width;
  int history_frames;
  Upsampling upsampling;
  Residual residual;
};

// Every form of kernel that the decoders have; blocks that end in the middle of pixels, outputs and depth.
const Case kCases[] = {
    {3, 5, 7, 16, 32, 3, 3, 3, 0, Upsampling::kNone, Residual::kNone},
    {2, 6, 11, 96, 96, 3, 3, 3, 2, Upsampling::kNone, Residual::kInPlace},
    {3, 4, 6, 24, 100, 3, 3, 3, 1, Upsampling::kNone, Residual::kApart},
    {2, 9, 8, 64, 128, 3, 1, 1, 2, Upsampling::kNone, Residual::kNone},
    {2, 5, 9, 32, 96, 1, 3, 3, 0, Upsampling::kTwo, Residual::kNone},
    {1, 16, 17, 8, 130, 1, 1, 1, 0, Upsampling::kNone, Residual::kApart},
    {2, 7, 9, 96, 3, 3, 3, 3, 2, Upsampling::kNone, Residual::kNone},
    {1, 1, 1, 8, 1, 1, 1, 1, 0, Upsampling::kNone, Residual::kNone},
    {2, 6, 5, 8, 9, 7, 7, 7, 3, Upsampling::kNone, Residual::kNone},
};

template <typename T, typename Out>
struct Problem {
  ConvolutionArguments c;
  std::vector<T> x, history, weight;
  std::vector<float> bias;
  std::vector<Out> residual;

  explicit Problem(const Case& k)
      : c{}, x(random_values<T>(int64_t{k.frames} * k.height * k.width * k.inputs, 1)),
        history(random_values<T>(int64_t{k.history_frames} * k.height * k.width * k.inputs, 2)),
        weight(random_values<T>(int64_t{k.outputs} * k.kernel_frames * k.kernel_height * k.kernel_width * k.inputs, 3)),
        bias(random_values<float>(k.outputs, 4)) {
    c.frames = k.frames, c.height = k.height, c.width = k.width, c.inputs = k.inputs, c.outputs = k.outputs;
    c.history_frames = k.history_frames, c.upsampling = k.upsampling;
    c.kernel_frames = k.kernel_frames, c.kernel_height = k.kernel_height, c.kernel_width = k.kernel_width;
    residual = random_values<Out>(c.out_pixels() * k.outputs, 5);
  }

  // Channels of a pixel of the enlarged input; null for zeros.
  const T* pixel(int frame, int row, int column) const {
    if (row < 0 || column < 0 || row >= c.out_height() || column >= c.out_width() || frame < -c.history_frames) {
      return nullptr;
    }
    const int scale = c.upsampling == Upsampling::kTwo ? 2 : 1;
    const std::vector<T>& video = frame < 0 ? history : x;
    const int64_t line = int64_t{frame < 0 ? frame + c.history_frames : frame} * c.height + row / scale;
    return &video[(line * c.width + column / scale) * c.inputs];
  }

  std::vector<double> expected(Residual kind) const {
    std::vector<double> out;
    for (int t = 0; t < c.frames; ++t) {
      for (int y = 0; y < c.out_height(); ++y) {
        for (int z = 0; z < c.out_width(); ++z) {
          for (int output = 0; output < c.outputs; ++output) {
            double sum = bias[output];
            const T* w = &weight[int64_t{output} * (weight.size() / c.outputs)];
            for (int kt = 0; kt < c.kernel_frames; ++kt) {
              for (int ky = 0; ky < c.kernel_height; ++ky) {
                for (int kx = 0; kx < c.kernel_width; ++kx, w += c.inputs) {
                  const T* const p =
                      pixel(t + kt - c.kernel_frames + 1, y + ky - c.kernel_height / 2, z + kx - c.kernel_width / 2);
                  for (int i = 0; p != nullptr && i < c.inputs; ++i) sum += double(float(p[i])) * float(w[i]);
                }
              }
            }
            if (kind != Residual::kNone) sum += float(residual[out.size()]);
            out.push_back(sum);
          }
        }
      }
    }
    return out;
  }
};

template <typename T, typename Out, typename Run>
void convolves(int block_outputs, const Run& run) {
  for (const Case& k : kCases) {
    Problem<T, Out> problem(k);
    const Array<T> x(problem.x), history(problem.history), weight(problem.weight);
    const Array<float> bias(problem.bias);
    const Array<Out> residual(problem.residual), apart(problem.residual.size());
    const Array<Out>& out = k.residual == Residual::kInPlace ? residual : apart;
    ConvolutionArguments c = problem.c;
    c.x = x.data();
    c.history = k.history_frames == 0 ? nullptr : history.data();
    c.weight = weight.data();
    c.bias = bias.data();
    c.residual = k.residual == Residual::kNone ? nullptr : residual.data();
    c.out = out.data();
    run(static_cast<unsigned>(convolution_grid(c, block_outputs)), c);
    // Sums of up to 2744 products of about 1 in fp32.
    check_close(out.read(), problem.expected(k.residual), 2e-3);
  }
}

#define WITH(entry) [](auto... arguments) { RUN(entry, arguments...); }

void all() {
  convolves<__nv_bfloat16, __nv_bfloat16>(96, WITH(convolve_bf16_to_bf16_n96));
  convolves<__half, __half>(128, WITH(convolve_f16_to_f16_n128));
  convolves<__nv_bfloat16, float>(32, WITH(convolve_bf16_to_f32_n32));
#ifndef REELSPARK_HOST_GPU
  // The same templates: the host takes seconds for each.
  convolves<__nv_bfloat16, __nv_bfloat16>(32, WITH(convolve_bf16_to_bf16_n32));
  convolves<__nv_bfloat16, __nv_bfloat16>(128, WITH(convolve_bf16_to_bf16_n128));
  convolves<__half, __half>(32, WITH(convolve_f16_to_f16_n32));
  convolves<__half, __half>(96, WITH(convolve_f16_to_f16_n96));
  convolves<__half, float>(32, WITH(convolve_f16_to_f32_n32));
#endif
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  const std::string machine = reelspark::open_machine(argc, argv);
  reelspark::all();
  std::printf("convolution_test: all checks passed on %s\n", machine.c_str());
  return 0;
}
