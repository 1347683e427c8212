// Rows as e4m3 with a scale each, for 8-bit matrix products.
#include <cuda_fp8.h>

#include "model/rows.h"

namespace reelspark::model {
namespace {

// The greatest finite e4m3.
constexpr float kMostE4m3 = 448;
// Rows below this count as zero: the inverse of their scale would leave the range of fp32.
constexpr float kLeastMagnitude = 0x1p-100f;

// Eight bytes in one access.
struct alignas(8) Bytes {
  __nv_fp8_storage_t byte[kOctet];
};

template <typename T>
__device__ void quantise_rows(
    const T* x, int64_t x_stride, __nv_fp8_storage_t* out, int64_t out_stride, float* scales, int64_t rows,
    int columns) {
  const RowGroups groups(rows, columns);
  const auto quantise = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      Row<T, decltype(access)> row(x + r * x_stride, exists ? columns : 0, groups, access);
      float greatest = 0;
      row.each([&](int, int, const Octet<T>& octet) {
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          greatest = fmaxf(greatest, fabsf(octet[i]));
        }
      });
      greatest = groups.greatest(greatest);
      const bool zero = greatest < kLeastMagnitude;
      const float factor = zero ? 0.0f : kMostE4m3 / greatest;
      if (exists && groups.lane() == 0) {
        scales[r] = zero ? 0.0f : greatest / kMostE4m3;
      }
      row.each([&](int first, int count, const Octet<T>& octet) {
        __nv_fp8_storage_t* const to = out + r * out_stride + first;
        Bytes bytes;
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          bytes.byte[i] = __nv_cvt_float_to_fp8(octet[i] * factor, __NV_SATFINITE, __NV_E4M3);
        }
        if constexpr (std::is_same_v<decltype(access), ByOctets>) {
          *reinterpret_cast<Bytes*>(to) = bytes;
        } else {
#pragma unroll
          for (int i = 0; i < kOctet; ++i) {
            if (i < count) {
              to[i] = bytes.byte[i];
            }
          }
        }
      });
    });
  };
  with_access(columns | x_stride | out_stride, quantise, x, out);
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right. Strides are in elements. out[r] * scales[r] is x[r] rounded to e4m3; the greatest magnitude of a row
// becomes 448. NaN stays NaN and does not touch the rest of its row; an infinite number makes its row NaN.
#define QUANTISE_ROWS(name, T)                                                                                \
  REELSPARK_ROW_KERNEL quantise_rows_##name(                                                                  \
      const T* x, int64_t x_stride, __nv_fp8_storage_t* out, int64_t out_stride, float* scales, int64_t rows, \
      int columns) {                                                                                          \
    reelspark::model::quantise_rows<T>(x, x_stride, out, out_stride, scales, rows, columns);                  \
  }

QUANTISE_ROWS(f32, float)
QUANTISE_ROWS(f16, __half)
QUANTISE_ROWS(bf16, __nv_bfloat16)
