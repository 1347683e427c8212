// Normalisations of rows, with what follows them in a transformer or a VAE. Statistics are fp32, in a fixed order.
#include "model/activation.h"
#include "model/rows.h"

namespace reelspark::model {
namespace {

template <typename In, typename Out>
__device__ void layer_norm(
    const In* x, int64_t x_stride, const float* factor, float factor_offset, const float* addend,
    int64_t parameter_stride, float epsilon, Out* out, int64_t out_stride, int64_t rows, int columns) {
  const RowGroups groups(rows, columns);
  const auto normalise = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      Row<In, decltype(access)> row(x + r * x_stride, exists ? columns : 0, groups, access);
      float sum = 0;
      row.each([&](int, int, const Octet<In>& octet) {
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          sum += octet[i];
        }
      });
      const float mean = groups.sum(sum) / columns;
      float squares = 0;
      row.each([&](int, int count, const Octet<In>& octet) {
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          const float centred = i < count ? octet[i] - mean : 0.0f;
          squares += centred * centred;
        }
      });
      const float scale = 1 / sqrtf(groups.sum(squares) / columns + epsilon);
      row.each([&](int first, int count, const Octet<In>& octet) {
        const int64_t place = r * parameter_stride + first;
        const Octet<float> factors = load(factor + place, count, access);
        const Octet<float> addends = load(addend + place, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = (octet[i] - mean) * scale * (factor_offset + factors[i]) + addends[i];
        }
        store(out + r * out_stride + first, values, count, access);
      });
    });
  };
  with_access(columns | x_stride | parameter_stride | out_stride, normalise, x, factor, addend, out);
}

template <typename T, typename Access>
__device__ float squared_norm(Row<T, Access>& row, const RowGroups& groups) {
  float squares = 0;
  row.each([&](int, int, const Octet<T>& octet) {
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      squares += octet[i] * octet[i];
    }
  });
  return groups.sum(squares);
}

template <typename In, typename Out>
__device__ void rms_norm(
    const In* x, int64_t x_stride, const float* weight, float epsilon, Out* out, int64_t out_stride, int64_t rows,
    int columns) {
  const RowGroups groups(rows, columns);
  const auto normalise = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      Row<In, decltype(access)> row(x + r * x_stride, exists ? columns : 0, groups, access);
      const float scale = 1 / sqrtf(squared_norm(row, groups) / columns + epsilon);
      row.each([&](int first, int count, const Octet<In>& octet) {
        const Octet<float> weights = load(weight + first, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = octet[i] * scale * weights[i];
        }
        store(out + r * out_stride + first, values, count, access);
      });
    });
  };
  with_access(columns | x_stride | out_stride, normalise, x, weight, out);
}

// Octets never straddle heads: they start at multiples of eight, and without whole octets in a head they are not used.
template <typename T>
__device__ void rms_norm_rotary(
    const T* x, int64_t x_stride, const float* weight, float epsilon, const float* cosines, const float* sines, T* out,
    int64_t out_token_stride, int64_t out_head_stride, int64_t rows, int heads, int head_dim) {
  const int columns = heads * head_dim;
  const int pairs = head_dim / 2;
  const RowGroups groups(rows, columns);
  const auto normalise = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      Row<T, decltype(access)> row(x + r * x_stride, exists ? columns : 0, groups, access);
      const float scale = 1 / sqrtf(squared_norm(row, groups) / columns + epsilon);
      row.each([&](int first, int count, const Octet<T>& octet) {
        const Octet<float> weights = load(weight + first, count, access);
        alignas(16) float cosine[kOctet / 2], sine[kOctet / 2];
        if constexpr (std::is_same_v<decltype(access), ByOctets>) {
          const int64_t entry = r * pairs + first / 2 % pairs;
          *reinterpret_cast<float4*>(cosine) = *reinterpret_cast<const float4*>(cosines + entry);
          *reinterpret_cast<float4*>(sine) = *reinterpret_cast<const float4*>(sines + entry);
        } else {
#pragma unroll
          for (int i = 0; i < kOctet / 2; ++i) {
            const int64_t entry = r * pairs + (2 * i < count ? first / 2 + i : 0) % pairs;
            cosine[i] = cosines[entry];
            sine[i] = sines[entry];
          }
        }
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet / 2; ++i) {
          const float a = octet[2 * i] * scale * weights[2 * i], b = octet[2 * i + 1] * scale * weights[2 * i + 1];
          values[2 * i] = a * cosine[i] - b * sine[i];
          values[2 * i + 1] = a * sine[i] + b * cosine[i];
        }
        T* const token = out + r * out_token_stride;
        if constexpr (std::is_same_v<decltype(access), ByOctets>) {
          store(token + first / head_dim * out_head_stride + first % head_dim, values, count, access);
        } else {
#pragma unroll
          for (int i = 0; i < kOctet; ++i) {
            if (i < count) {
              const int column = first + i;
              put(token[column / head_dim * out_head_stride + column % head_dim], values[i]);
            }
          }
        }
      });
    });
  };
  with_access(head_dim | x_stride | out_token_stride | out_head_stride, normalise, x, weight, cosines, sines, out);
}

template <typename T>
__device__ void channel_norm(
    const T* x, const float* gamma, Activation activation, T* out, int64_t pixels, int channels) {
  const RowGroups groups(pixels, channels);
  const auto normalise = [&](auto access) {
    groups.each([&](int64_t pixel, bool exists) {
      Row<T, decltype(access)> row(x + pixel * channels, exists ? channels : 0, groups, access);
      const float scale = sqrtf(static_cast<float>(channels)) / fmaxf(sqrtf(squared_norm(row, groups)), 1e-12f);
      row.each([&](int first, int count, const Octet<T>& octet) {
        const Octet<float> gammas = load(gamma + first, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = activate(activation, octet[i] * scale * gammas[i]);
        }
        store(out + pixel * channels + first, values, count, access);
      });
    });
  };
  with_access(channels, normalise, x, gamma, out);
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right. All kernels may work in place. Strides and sizes are in elements, parameters are fp32.
//
// layer_norm_*_to_*: out = (x - mean) / sqrt(variance + epsilon) * (factor_offset + factor) + addend.
//   parameter_stride  of factor and addend: 0 when one row serves all
//   factor_offset     0 for weights, 1 for the scale of a modulation
// rms_norm_*_to_*: out = x / sqrt(mean(x^2) + epsilon) * weight
#define NORMS(in, In, outs, Out)                                                                                \
  REELSPARK_ROW_KERNEL layer_norm_##in##_to_##outs(                                                             \
      const In* x, int64_t x_stride, const float* factor, float factor_offset, const float* addend,             \
      int64_t parameter_stride, float epsilon, Out* out, int64_t out_stride, int64_t rows, int columns) {       \
    reelspark::model::layer_norm<In, Out>(                                                                      \
        x, x_stride, factor, factor_offset, addend, parameter_stride, epsilon, out, out_stride, rows, columns); \
  }                                                                                                             \
  REELSPARK_ROW_KERNEL rms_norm_##in##_to_##outs(                                                               \
      const In* x, int64_t x_stride, const float* weight, float epsilon, Out* out, int64_t out_stride,          \
      int64_t rows, int columns) {                                                                              \
    reelspark::model::rms_norm<In, Out>(x, x_stride, weight, epsilon, out, out_stride, rows, columns);          \
  }

NORMS(f32, float, f32, float)
NORMS(f32, float, f16, __half)
NORMS(f32, float, bf16, __nv_bfloat16)
NORMS(f16, __half, f16, __half)
NORMS(bf16, __nv_bfloat16, bf16, __nv_bfloat16)

// rms_norm_rotary_*: RMS norm over a whole row of heads, then rotation of the pairs (2i, 2i + 1) of every head by the
// row's angles; heads are written apart, as attention reads them.
//   cosines, sines  [rows, head_dim / 2]
//   out             head h of row r at out + r * out_token_stride + h * out_head_stride
// channel_norm_*: activation(x / max(|x|, 1e-12) * sqrt(channels) * gamma) over the channels of each pixel
//   activation      kNone or kSilu
#define ROTARY_AND_CHANNEL_NORM(name, T)                                                                          \
  REELSPARK_ROW_KERNEL rms_norm_rotary_##name(                                                                    \
      const T* x, int64_t x_stride, const float* weight, float epsilon, const float* cosines, const float* sines, \
      T* out, int64_t out_token_stride, int64_t out_head_stride, int64_t rows, int heads, int head_dim) {         \
    reelspark::model::rms_norm_rotary<T>(                                                                         \
        x, x_stride, weight, epsilon, cosines, sines, out, out_token_stride, out_head_stride, rows, heads,        \
        head_dim);                                                                                                \
  }                                                                                                               \
  REELSPARK_ROW_KERNEL channel_norm_##name(                                                                       \
      const T* x, const float* gamma, reelspark::Activation activation, T* out, int64_t pixels, int channels) {   \
    reelspark::model::channel_norm<T>(x, gamma, activation, out, pixels, channels);                               \
  }

ROTARY_AND_CHANNEL_NORM(f32, float)
ROTARY_AND_CHANNEL_NORM(f16, __half)
ROTARY_AND_CHANNEL_NORM(bf16, __nv_bfloat16)
