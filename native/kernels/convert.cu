// Conversions between element types, rounding to nearest, and softmax of rows of attention scores.
#include "model/rows.h"

namespace reelspark::model {
namespace {

template <typename In, typename Out>
__device__ void convert(const In* in, Out* out, int64_t count) {
  const auto convert = [&](int64_t first, int length, auto access) {
    const Octet<In> octet = load(in + first, length, access);
    float values[kOctet];
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      values[i] = octet[i];
    }
    store(out + first, values, length, access);
  };
  each_octet(count, convert, in, out);
}

template <typename In, typename Out>
__device__ void softmax(
    const In* scores, int64_t score_stride, float scale, Out* weights, int64_t weight_stride, int64_t rows,
    int columns) {
  const RowGroups groups(rows, columns);
  const auto normalise = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      Row<In, decltype(access)> row(scores + r * score_stride, exists ? columns : 0, groups, access);
      float greatest = -INFINITY;
      row.each([&](int, int count, const Octet<In>& octet) {
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          greatest = i < count ? fmaxf(greatest, octet[i]) : greatest;
        }
      });
      greatest = groups.greatest(greatest);
      // A row without a score above minus infinity has no weights.
      const float shift = greatest == -INFINITY ? 0.0f : greatest;
      float sum = 0;
      row.each([&](int, int count, const Octet<In>& octet) {
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          sum += i < count ? expf(scale * (octet[i] - shift)) : 0.0f;
        }
      });
      sum = groups.sum(sum);
      const float factor = sum == 0 ? 0.0f : 1 / sum;
      row.each([&](int first, int count, const Octet<In>& octet) {
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = expf(scale * (octet[i] - shift)) * factor;
        }
        store(weights + r * weight_stride + first, values, count, access);
      });
    });
  };
  with_access(columns | score_stride | weight_stride, normalise, scores, weights);
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right. From bf16 to fp32, see widen.cu.
#define CONVERT(in, In, outs, Out)                                       \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)        \
      convert_##in##_to_##outs(const In* from, Out* to, int64_t count) { \
    reelspark::model::convert<In, Out>(from, to, count);                 \
  }

CONVERT(f32, float, f16, __half)
CONVERT(f32, float, bf16, __nv_bfloat16)
CONVERT(f16, __half, f32, float)
CONVERT(f16, __half, bf16, __nv_bfloat16)
CONVERT(bf16, __nv_bfloat16, f16, __half)

// weights[r] = softmax(scale * scores[r]), scale above zero; in place where types and strides are the same.
#define SOFTMAX(in, In, outs, Out)                                                                            \
  REELSPARK_ROW_KERNEL softmax_##in##_to_##outs(                                                              \
      const In* scores, int64_t score_stride, float scale, Out* weights, int64_t weight_stride, int64_t rows, \
      int columns) {                                                                                          \
    reelspark::model::softmax<In, Out>(scores, score_stride, scale, weights, weight_stride, rows, columns);   \
  }

SOFTMAX(f32, float, f32, float)
SOFTMAX(f32, float, f16, __half)
SOFTMAX(f32, float, bf16, __nv_bfloat16)
