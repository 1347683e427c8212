// Element-wise kernels, conversions and softmax against fp64: on a GPU, `elementwise_test KERNEL_DIR`, or on the host.
#include <deque>

#include "kernel_machine.h"
#include "model_values.h"

#ifdef REELSPARK_HOST_GPU
#include "convert.cu"
#include "elementwise.cu"
#else
#include "model/activation.h"
#include "reelspark/combination.h"
#endif

namespace reelspark {
namespace {

constexpr unsigned kBlocks = 2;
const int64_t kCounts[] = {1, 7, 8, 1000, 4096, 4099, 20001};

#define WITH(entry) [](auto... arguments) { RUN(entry, kBlocks, arguments...); }

template <typename T, typename Run>
void combine_is_right(const Run& run) {
  for (int64_t count : kCounts) {
    for (int terms = 1; terms <= kMostTerms; ++terms) {
      Combination sum = {};
      sum.count = terms;
      std::deque<Array<T>> arrays;
      std::vector<double> expected(count);
      for (int term = 0; term < terms; ++term) {
        const auto values = random_values<T>(count, 20 + term);
        arrays.emplace_back(values);
        sum.terms[term] = arrays.back().data();
        sum.coefficients[term] = 0.5f * term - 1.25f;
        for (int64_t i = 0; i < count; ++i) expected[i] += double(sum.coefficients[term]) * float(values[i]);
      }
      run(sum, arrays[0].data(), count);
      check_close(arrays[0].read(), expected);
    }
  }
}

template <typename T, typename Run>
void multiply_is_right(const Run& run) {
  for (int64_t count : kCounts) {
    const auto a = random_values<T>(count, 1), b = random_values<T>(count, 2);
    const Array<T> x(a), y(b), out(count);
    run(x.data(), y.data(), out.data(), count);
    std::vector<double> expected;
    for (int64_t i = 0; i < count; ++i) expected.push_back(double(float(a[i])) * float(b[i]));
    check_close(out.read(), expected);
  }
}

template <typename T, typename Run>
void activate_is_right(const Run& run) {
  for (int64_t count : kCounts) {
    for (const Activation activation : {Activation::kNone, Activation::kSilu, Activation::kGeluTanh}) {
      auto values = random_values<T>(count, 3);
      values[0] = T(-100.0f);
      values[count - 1] = T(200.0f);
      const Array<T> x(values), out(count);
      run(x.data(), activation, out.data(), count);
      std::vector<double> expected;
      for (const T& value : values) expected.push_back(activated(static_cast<int>(activation), float(value)));
      check_close(out.read(), expected);
    }
  }
}

struct Size {
  int64_t rows;
  int columns;
};
const Size kSizes[] = {{5, 8}, {40, 96}, {3, 1536}, {9, 13}, {2, 5000}, {700, 3}};

template <typename T, typename Run>
void add_row_is_right(const Run& run) {
  for (const Size& size : kSizes) {
    const auto values = random_values<T>(size.rows * size.columns, 4);
    const auto row = random_values<float>(size.columns, 5);
    const Array<T> x(values), out(values.size());
    const Array<float> rows(row);
    run(x.data(), rows.data(), out.data(), size.rows, size.columns);
    std::vector<double> expected;
    for (size_t i = 0; i < values.size(); ++i) expected.push_back(double(float(values[i])) + row[i % size.columns]);
    check_close(out.read(), expected);
  }
}

template <typename Branch, typename T, typename Run>
void gated_add_is_right(const Run& run) {
  for (const Size& size : kSizes) {
    for (const int64_t stride : {0, size.columns}) {
      const auto values = random_values<T>(size.rows * size.columns, 4);
      const auto branch = random_values<Branch>(values.size(), 6);
      const auto gate = random_values<float>(values.size(), 5);
      const Array<T> residual(values);
      const Array<Branch> branches(branch);
      const Array<float> gates(gate);
      run(branches.data(), gates.data(), stride, residual.data(), size.rows, size.columns);
      std::vector<double> expected;
      for (size_t i = 0; i < values.size(); ++i) {
        const float factor = gate[i / size.columns * stride + i % size.columns];
        expected.push_back(double(float(values[i])) + double(factor) * float(branch[i]));
      }
      check_close(residual.read(), expected);
    }
  }
}

template <typename Branch, typename T, typename Run>
void gated_add_goes_without_a_gate(const Run& run) {
  for (const Size& size : kSizes) {
    const auto values = random_values<T>(size.rows * size.columns, 4);
    const auto branch = random_values<Branch>(values.size(), 6);
    const Array<T> residual(values);
    const Array<Branch> branches(branch);
    run(branches.data(), static_cast<const float*>(nullptr), int64_t{0}, residual.data(), size.rows, size.columns);
    std::vector<double> expected;
    for (size_t i = 0; i < values.size(); ++i) {
      expected.push_back(double(float(values[i])) + float(branch[i]));
    }
    check_close(residual.read(), expected);
  }
}

template <typename T, typename Run>
void not_finite_is_found(const Run& run) {
  for (int64_t count : kCounts) {
    auto values = random_values<T>(count, 7);
    const auto found = [&] {
      const Array<T> x(values);
      const Array<uint32_t> flag(std::vector<uint32_t>{0});
      run(x.data(), count, flag.data());
      return flag.read()[0];
    };
    CHECK(found() == 0);
    values[count - 1] = T(-INFINITY);
    CHECK(found() == 1);
    values[count - 1] = T(NAN);
    CHECK(found() == 1);
  }
}

template <typename In, typename Out, typename Run>
void convert_is_right(const Run& run) {
  for (int64_t count : kCounts) {
    const auto values = random_values<In>(count, 8);
    const Array<In> in(values);
    const Array<Out> out(count);
    run(in.data(), out.data(), count);
    const std::vector<Out> actual = out.read();
    for (int64_t i = 0; i < count; ++i) CHECK(float(actual[i]) == float(Out(float(values[i]))));
  }
}

template <typename In, typename Out, typename Run>
void softmax_is_right(const Run& run) {
  for (const Size& size : {Size{5, 8}, Size{40, 96}, Size{3, 6240}, Size{9, 13}, Size{2, 4097}}) {
    auto scores = random_values<In>(size.rows * size.columns, 9);
    scores[1] = In(-INFINITY);
    std::fill(scores.end() - size.columns, scores.end(), In(-INFINITY));
    const Array<In> x(scores);
    const Array<Out> out(scores.size());
    const float scale = 2.5f;
    const int64_t stride = size.columns;
    run(x.data(), stride, scale, out.data(), stride, size.rows, size.columns);
    std::vector<double> expected;
    for (int64_t row = 0; row < size.rows; ++row) {
      double sum = 0;
      for (int c = 0; c < size.columns; ++c) sum += std::exp(2.5 * float(scores[row * size.columns + c]));
      for (int c = 0; c < size.columns; ++c) {
        expected.push_back(sum == 0 ? 0 : std::exp(2.5 * float(scores[row * size.columns + c])) / sum);
      }
    }
    check_close(out.read(), expected);
  }
}

void all() {
  combine_is_right<float>(WITH(combine_f32));
  combine_is_right<__half>(WITH(combine_f16));
  combine_is_right<__nv_bfloat16>(WITH(combine_bf16));
  multiply_is_right<float>(WITH(multiply_f32));
  multiply_is_right<__half>(WITH(multiply_f16));
  multiply_is_right<__nv_bfloat16>(WITH(multiply_bf16));
  activate_is_right<float>(WITH(activate_f32));
  activate_is_right<__half>(WITH(activate_f16));
  activate_is_right<__nv_bfloat16>(WITH(activate_bf16));
  add_row_is_right<float>(WITH(add_row_f32));
  add_row_is_right<__half>(WITH(add_row_f16));
  add_row_is_right<__nv_bfloat16>(WITH(add_row_bf16));
  gated_add_is_right<float, float>(WITH(gated_add_f32));
  gated_add_is_right<__half, __half>(WITH(gated_add_f16));
  gated_add_is_right<__nv_bfloat16, __nv_bfloat16>(WITH(gated_add_bf16));
  gated_add_is_right<__half, float>(WITH(gated_add_f16_to_f32));
  gated_add_is_right<__nv_bfloat16, float>(WITH(gated_add_bf16_to_f32));
  gated_add_goes_without_a_gate<__nv_bfloat16, __nv_bfloat16>(WITH(gated_add_bf16));
  gated_add_goes_without_a_gate<__half, float>(WITH(gated_add_f16_to_f32));
  gated_add_goes_without_a_gate<__nv_bfloat16, float>(WITH(gated_add_bf16_to_f32));
  not_finite_is_found<float>(WITH(find_not_finite_f32));
  not_finite_is_found<__half>(WITH(find_not_finite_f16));
  not_finite_is_found<__nv_bfloat16>(WITH(find_not_finite_bf16));
  convert_is_right<float, __half>(WITH(convert_f32_to_f16));
  convert_is_right<float, __nv_bfloat16>(WITH(convert_f32_to_bf16));
  convert_is_right<__half, float>(WITH(convert_f16_to_f32));
  convert_is_right<__half, __nv_bfloat16>(WITH(convert_f16_to_bf16));
  convert_is_right<__nv_bfloat16, __half>(WITH(convert_bf16_to_f16));
  softmax_is_right<float, float>(WITH(softmax_f32_to_f32));
  softmax_is_right<float, __half>(WITH(softmax_f32_to_f16));
  softmax_is_right<float, __nv_bfloat16>(WITH(softmax_f32_to_bf16));
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  const std::string machine = reelspark::open_machine(argc, argv);
  reelspark::all();
  std::printf("elementwise_test: all checks passed on %s\n", machine.c_str());
  return 0;
}
