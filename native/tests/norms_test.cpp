// The normalisation kernels against fp64: on a GPU, `norms_test KERNEL_DIR`, or on the host.
#include "kernel_machine.h"
#include "model_values.h"

#ifdef REELSPARK_HOST_GPU
#include "norms.cu"
#else
#include "model/activation.h"
#endif

namespace reelspark {
namespace {

struct Size {
  int64_t rows;
  int columns;
  int padding;  // between rows
};

// Rows of fewer lanes than a warp, of whole warps, of more than a lane's registers hold, and of odd sizes.
const Size kSizes[] = {{5, 8, 0},    {37, 96, 0}, {9, 256, 8}, {3, 1536, 0},
                       {3, 5120, 0}, {11, 13, 0}, {7, 100, 3}, {2, 1999, 0}};

constexpr float kEpsilon = 1e-6f;

template <typename In>
struct Rows {
  Size size;
  int64_t stride;
  std::vector<In> values;

  explicit Rows(const Size& size)
      : size(size), stride(size.columns + size.padding), values(random_values<In>(size.rows * stride, 11)) {
    for (In& value : values) {
      value = In(float(value) * 3 + 1.5f);
    }
  }

  double at(int64_t row, int column) const { return float(values[row * stride + column]); }
};

template <typename T>
std::vector<T> without_padding(const std::vector<T>& padded, const Size& size) {
  std::vector<T> values;
  for (int64_t row = 0; row < size.rows; ++row) {
    const auto first = padded.begin() + row * (size.columns + size.padding);
    values.insert(values.end(), first, first + size.columns);
  }
  return values;
}

enum class Parameters { kOneRow, kEveryRow };

template <typename In>
std::vector<double> layer_norm(
    const Rows<In>& x, const std::vector<float>& factor, double offset, const std::vector<float>& addend,
    int64_t parameter_stride) {
  std::vector<double> out;
  for (int64_t row = 0; row < x.size.rows; ++row) {
    double mean = 0, variance = 0;
    for (int c = 0; c < x.size.columns; ++c) mean += x.at(row, c) / x.size.columns;
    for (int c = 0; c < x.size.columns; ++c) variance += std::pow(x.at(row, c) - mean, 2) / x.size.columns;
    for (int c = 0; c < x.size.columns; ++c) {
      const int64_t place = row * parameter_stride + c;
      out.push_back((x.at(row, c) - mean) / std::sqrt(variance + kEpsilon) * (offset + factor[place]) + addend[place]);
    }
  }
  return out;
}

template <typename In, typename Out, typename Run>
void layer_norm_is_right(const Run& run) {
  for (const Size& size : kSizes) {
    for (const Parameters parameters : {Parameters::kOneRow, Parameters::kEveryRow}) {
      const Rows<In> rows(size);
      const int64_t parameter_stride = parameters == Parameters::kOneRow ? 0 : size.columns;
      const auto factor = random_values<float>(size.rows * size.columns, 12);
      const auto addend = random_values<float>(size.rows * size.columns, 13);
      const Array<In> x(rows.values);
      const Array<float> factors(factor), addends(addend);
      const Array<Out> out(rows.values.size());
      const float offset = parameters == Parameters::kOneRow ? 0 : 1;
      run(x.data(), rows.stride, factors.data(), offset, addends.data(), parameter_stride, kEpsilon, out.data(),
          rows.stride, size.rows, size.columns);
      check_close(without_padding(out.read(), size), layer_norm(rows, factor, offset, addend, parameter_stride), 2e-5);
    }
  }
}

template <typename In>
double mean_square(const Rows<In>& x, int64_t row) {
  double squares = 0;
  for (int c = 0; c < x.size.columns; ++c) squares += x.at(row, c) * x.at(row, c) / x.size.columns;
  return squares;
}

template <typename In, typename Out, typename Run>
void rms_norm_is_right(const Run& run) {
  for (const Size& size : kSizes) {
    const Rows<In> rows(size);
    const auto weight = random_values<float>(size.columns, 12);
    const Array<In> x(rows.values);
    const Array<float> weights(weight);
    const Array<Out> out(rows.values.size());
    run(x.data(), rows.stride, weights.data(), kEpsilon, out.data(), rows.stride, size.rows, size.columns);
    std::vector<double> expected;
    for (int64_t row = 0; row < size.rows; ++row) {
      for (int c = 0; c < size.columns; ++c) {
        expected.push_back(rows.at(row, c) / std::sqrt(mean_square(rows, row) + kEpsilon) * weight[c]);
      }
    }
    check_close(without_padding(out.read(), size), expected);
  }
}

struct HeadSize {
  int64_t rows;
  int heads;
  int head_dim;
};

enum class Layout { kTokenMajor, kHeadMajor };

template <typename T, typename Run>
void rms_norm_rotary_is_right(const Run& run) {
  for (const HeadSize& heads : {HeadSize{9, 2, 8}, HeadSize{5, 12, 128}, HeadSize{3, 40, 128}, HeadSize{17, 3, 64},
                                HeadSize{7, 3, 6}, HeadSize{3, 5, 44}}) {
    for (const Layout layout : {Layout::kTokenMajor, Layout::kHeadMajor}) {
      const Size size{heads.rows, heads.heads * heads.head_dim, 0};
      const Rows<T> rows(size);
      const int pairs = heads.head_dim / 2;
      const auto weight = random_values<float>(size.columns, 12);
      const auto angle = random_values<float>(size.rows * pairs, 13);
      std::vector<float> cosine, sine;
      for (float a : angle) {
        cosine.push_back(std::cos(3 * a));
        sine.push_back(std::sin(3 * a));
      }
      const Array<T> x(rows.values);
      const Array<float> weights(weight), cosines(cosine), sines(sine);
      const Array<T> out(rows.values.size());
      const int64_t token_stride = layout == Layout::kTokenMajor ? size.columns : heads.head_dim;
      const int64_t head_stride = layout == Layout::kTokenMajor ? heads.head_dim : heads.head_dim * size.rows;
      run(x.data(), rows.stride, weights.data(), kEpsilon, cosines.data(), sines.data(), out.data(), token_stride,
          head_stride, size.rows, heads.heads, heads.head_dim);
      std::vector<double> expected(rows.values.size());
      for (int64_t row = 0; row < size.rows; ++row) {
        const double scale = 1 / std::sqrt(mean_square(rows, row) + kEpsilon);
        for (int c = 0; c < size.columns; c += 2) {
          const double a = rows.at(row, c) * scale * weight[c], b = rows.at(row, c + 1) * scale * weight[c + 1];
          const int64_t entry = row * pairs + c / 2 % pairs;
          const int64_t place = row * token_stride + c / heads.head_dim * head_stride + c % heads.head_dim;
          expected[place] = a * cosine[entry] - b * sine[entry];
          expected[place + 1] = a * sine[entry] + b * cosine[entry];
        }
      }
      check_close(out.read(), expected);
    }
  }
}

template <typename T, typename Run>
void channel_norm_is_right(const Run& run) {
  for (const Size& size : {Size{70, 16, 0}, Size{33, 96, 0}, Size{20, 384, 0}, Size{6, 5, 0}}) {
    for (const Activation activation : {Activation::kNone, Activation::kSilu}) {
      Rows<T> rows(size);
      std::fill(rows.values.begin(), rows.values.begin() + size.columns, T(0.0f));
      const auto gamma = random_values<float>(size.columns, 12);
      const Array<T> x(rows.values);
      const Array<float> gammas(gamma);
      run(x.data(), gammas.data(), activation, x.data(), size.rows, size.columns);
      std::vector<double> expected;
      for (int64_t row = 0; row < size.rows; ++row) {
        const double norm = std::max(std::sqrt(mean_square(rows, row) * size.columns), 1e-12);
        for (int c = 0; c < size.columns; ++c) {
          expected.push_back(activated(
              static_cast<int>(activation), rows.at(row, c) / norm * std::sqrt(size.columns) * gamma[c]));
        }
      }
      check_close(x.read(), expected);
    }
  }
}

constexpr unsigned kBlocks = 2;

#define WITH(entry) [](auto... arguments) { RUN(entry, kBlocks, arguments...); }

void all() {
  layer_norm_is_right<float, float>(WITH(layer_norm_f32_to_f32));
  layer_norm_is_right<float, __half>(WITH(layer_norm_f32_to_f16));
  layer_norm_is_right<float, __nv_bfloat16>(WITH(layer_norm_f32_to_bf16));
  layer_norm_is_right<__half, __half>(WITH(layer_norm_f16_to_f16));
  layer_norm_is_right<__nv_bfloat16, __nv_bfloat16>(WITH(layer_norm_bf16_to_bf16));
  rms_norm_is_right<float, float>(WITH(rms_norm_f32_to_f32));
  rms_norm_is_right<float, __half>(WITH(rms_norm_f32_to_f16));
  rms_norm_is_right<float, __nv_bfloat16>(WITH(rms_norm_f32_to_bf16));
  rms_norm_is_right<__half, __half>(WITH(rms_norm_f16_to_f16));
  rms_norm_is_right<__nv_bfloat16, __nv_bfloat16>(WITH(rms_norm_bf16_to_bf16));
  rms_norm_rotary_is_right<float>(WITH(rms_norm_rotary_f32));
  rms_norm_rotary_is_right<__half>(WITH(rms_norm_rotary_f16));
  rms_norm_rotary_is_right<__nv_bfloat16>(WITH(rms_norm_rotary_bf16));
  channel_norm_is_right<float>(WITH(channel_norm_f32));
  channel_norm_is_right<__half>(WITH(channel_norm_f16));
  channel_norm_is_right<__nv_bfloat16>(WITH(channel_norm_bf16));
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  const std::string machine = reelspark::open_machine(argc, argv);
  reelspark::all();
  std::printf("norms_test: all checks passed on %s\n", machine.c_str());
  return 0;
}
