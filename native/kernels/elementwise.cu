// Element-wise arithmetic in fp32: guidance and scheduler updates, gated residuals, activations.
#include "model/activation.h"
#include "model/rows.h"
#include "reelspark/combination.h"

namespace reelspark::model {
namespace {

template <typename T>
__device__ void combine(const Combination& sum, T* out, int64_t count) {
  const auto add = [&](int64_t first, int length, auto access) {
    float values[kOctet] = {};
#pragma unroll
    for (int term = 0; term < kMostTerms; ++term) {
      if (term < sum.count) {
        const Octet<T> octet = load(static_cast<const T*>(sum.terms[term]) + first, length, access);
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] += sum.coefficients[term] * octet[i];
        }
      }
    }
    store(out + first, values, length, access);
  };
  // Terms past the count are null.
  each_octet(count, add, out, sum.terms[0], sum.terms[1], sum.terms[2], sum.terms[3], sum.terms[4], sum.terms[5]);
}

template <typename T>
__device__ void multiply(const T* a, const T* b, T* out, int64_t count) {
  const auto multiply = [&](int64_t first, int length, auto access) {
    const Octet<T> x = load(a + first, length, access), y = load(b + first, length, access);
    float values[kOctet];
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      values[i] = x[i] * y[i];
    }
    store(out + first, values, length, access);
  };
  each_octet(count, multiply, a, b, out);
}

template <typename T>
__device__ void activate(const T* x, Activation activation, T* out, int64_t count) {
  const auto apply = [&](int64_t first, int length, auto access) {
    const Octet<T> octet = load(x + first, length, access);
    float values[kOctet];
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      values[i] = reelspark::activate(activation, octet[i]);
    }
    store(out + first, values, length, access);
  };
  each_octet(count, apply, x, out);
}

template <typename T>
__device__ void add_row(const T* x, const float* row, T* out, int64_t rows, int columns) {
  const RowGroups groups(rows, columns);
  const auto add = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      for (int first = groups.lane() * kOctet; exists && first < columns; first += groups.lanes() * kOctet) {
        const int count = count_from(first, columns);
        const Octet<T> octet = load(x + r * columns + first, count, access);
        const Octet<float> addends = load(row + first, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = octet[i] + addends[i];
        }
        store(out + r * columns + first, values, count, access);
      }
    });
  };
  with_access(columns, add, x, row, out);
}

// Without a gate, one that is open.
template <typename Access>
__device__ Octet<float> load_gate(const float* gate, int64_t first, int count, Access access) {
  if (gate == nullptr) {
    return {{1, 1, 1, 1, 1, 1, 1, 1}};
  }
  return load(gate + first, count, access);
}

template <typename Branch, typename T>
__device__ void gated_add(
    const Branch* branch, const float* gate, int64_t gate_stride, T* residual, int64_t rows, int columns) {
  const RowGroups groups(rows, columns);
  const auto add = [&](auto access) {
    groups.each([&](int64_t r, bool exists) {
      for (int first = groups.lane() * kOctet; exists && first < columns; first += groups.lanes() * kOctet) {
        const int count = count_from(first, columns);
        const Octet<Branch> addends = load(branch + r * columns + first, count, access);
        const Octet<float> gates = load_gate(gate, r * gate_stride + first, count, access);
        T* const place = residual + r * columns + first;
        const Octet<T> octet = load(place, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = octet[i] + gates[i] * addends[i];
        }
        store(place, values, count, access);
      }
    });
  };
  with_access(columns | gate_stride, add, branch, gate, residual);
}

template <typename T>
__device__ void find_not_finite(const T* x, int64_t count, uint32_t* found) {
  bool finite = true;
  const auto look = [&](int64_t first, int length, auto access) {
    const Octet<T> octet = load(x + first, length, access);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      finite = finite && fabsf(octet[i]) <= 3.402823466e38f;
    }
  };
  each_octet(count, look, x);
  if (!finite) {
    *found = 1;
  }
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right; out may be an input. Rows are contiguous.
//
// combine_*:    out = sum of coefficient times term, in their order; sum.terms past sum.count are null
// multiply_*:   out = a * b
// activate_*:   out = activation(x)
// add_row_*:    out[r] = x[r] + row; row [columns], fp32
// gated_add_*:  residual[r] += gate[r] * branch[r]; gate fp32, gate_stride 0 when one row serves all, null for 1; the
//               branch may have a type of its own, which comes first in the name
// find_not_finite_*: sets *found, zero before the launch, to 1 when an element is NaN or infinite
#define ELEMENTWISE(name, T)                                                                                     \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                \
      combine_##name(const reelspark::Combination sum, T* out, int64_t count) {                                  \
    reelspark::model::combine<T>(sum, out, count);                                                               \
  }                                                                                                              \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                \
      multiply_##name(const T* a, const T* b, T* out, int64_t count) {                                           \
    reelspark::model::multiply<T>(a, b, out, count);                                                             \
  }                                                                                                              \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                \
      activate_##name(const T* x, reelspark::Activation activation, T* out, int64_t count) {                     \
    reelspark::model::activate<T>(x, activation, out, count);                                                    \
  }                                                                                                              \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                \
      add_row_##name(const T* x, const float* row, T* out, int64_t rows, int columns) {                          \
    reelspark::model::add_row<T>(x, row, out, rows, columns);                                                    \
  }                                                                                                              \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                \
      find_not_finite_##name(const T* x, int64_t count, uint32_t* found) {                                       \
    reelspark::model::find_not_finite<T>(x, count, found);                                                       \
  }

ELEMENTWISE(f32, float)
ELEMENTWISE(f16, __half)
ELEMENTWISE(bf16, __nv_bfloat16)

#define GATED_ADD(name, Branch, T)                                                                               \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) name(                                          \
      const Branch* branch, const float* gate, int64_t gate_stride, T* residual, int64_t rows, int columns) {    \
    reelspark::model::gated_add<Branch, T>(branch, gate, gate_stride, residual, rows, columns);                  \
  }

GATED_ADD(gated_add_f32, float, float)
GATED_ADD(gated_add_f16, __half, __half)
GATED_ADD(gated_add_bf16, __nv_bfloat16, __nv_bfloat16)
GATED_ADD(gated_add_f16_to_f32, __half, float)
GATED_ADD(gated_add_bf16_to_f32, __nv_bfloat16, float)
