// Quantisation of rows to e4m3: on a GPU, `quantise_rows_test KERNEL_DIR`, or on the host.
#include <cuda_fp8.h>

#include "kernel_machine.h"
#include "model_values.h"

#ifdef REELSPARK_HOST_GPU
#include "quantise_rows.cu"
#endif

namespace reelspark {
namespace {

constexpr unsigned kBlocks = 2;

struct Size {
  int64_t rows;
  int columns;
};

#define WITH(entry) [](auto... arguments) { RUN(entry, kBlocks, arguments...); }

float value_of(__nv_fp8_storage_t byte) {
  return __half2float(__half(__nv_cvt_fp8_to_halfraw(byte, __NV_E4M3)));
}

template <typename T, typename Run>
void rows_keep_their_values(const Run& run) {
  for (const Size& size : {Size{5, 8}, Size{40, 96}, Size{3, 1536}, Size{2, 8960}, Size{9, 13}, Size{4, 1001}}) {
    auto values = random_values<T>(size.rows * size.columns, 1);
    // A row of zeros, a row of great and a row of small numbers.
    for (int c = 0; c < size.columns; ++c) {
      values[c] = T(0.0f);
      values[size.columns + c] = T(float(values[size.columns + c]) * 3000);
      if (size.rows > 2) values[2 * size.columns + c] = T(float(values[2 * size.columns + c]) * 1e-3f);
    }
    const Array<T> x(values);
    const Array<__nv_fp8_storage_t> out(values.size());
    const Array<float> scales(size.rows);
    const int64_t stride = size.columns;
    run(x.data(), stride, out.data(), stride, scales.data(), size.rows, size.columns);
    const auto bytes = out.read();
    const auto scale = scales.read();
    for (int64_t row = 0; row < size.rows; ++row) {
      double greatest = 0;
      for (int c = 0; c < size.columns; ++c) {
        greatest = std::max(greatest, std::fabs(double(float(values[row * size.columns + c]))));
      }
      CHECK_NEAR(scale[row], greatest / 448, 1e-6 * greatest / 448);
      for (int c = 0; c < size.columns; ++c) {
        const double expected = float(values[row * size.columns + c]);
        // Four significant bits, and steps of 2^-9 near zero.
        CHECK_NEAR(double(value_of(bytes[row * size.columns + c])) * scale[row], expected,
                   0x1.01p-4 * std::fabs(expected) + 0x1.01p-10 * scale[row]);
      }
    }
  }
}

template <typename T, typename Run>
void nan_stays_alone(const Run& run) {
  const int64_t rows = 2, stride = 256;
  const int columns = 256;
  auto values = random_values<T>(rows * columns, 2);
  values[7] = T(NAN);
  const Array<T> x(values);
  const Array<__nv_fp8_storage_t> out(values.size());
  const Array<float> scales(rows);
  run(x.data(), stride, out.data(), stride, scales.data(), rows, columns);
  const auto bytes = out.read();
  for (size_t i = 0; i < bytes.size(); ++i) CHECK(std::isnan(value_of(bytes[i])) == (i == 7));
}

template <typename T, typename Run>
void quantise_is_right(const Run& run) {
  rows_keep_their_values<T>(run);
  nan_stays_alone<T>(run);
}

void all() {
  quantise_is_right<float>(WITH(quantise_rows_f32));
  quantise_is_right<__half>(WITH(quantise_rows_f16));
  quantise_is_right<__nv_bfloat16>(WITH(quantise_rows_bf16));
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  const std::string machine = reelspark::open_machine(argc, argv);
  reelspark::all();
  std::printf("quantise_rows_test: all checks passed on %s\n", machine.c_str());
  return 0;
}
