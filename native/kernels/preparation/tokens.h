// How the threads of a block read tokens: eight dimensions at a time, sixteen bytes of 16-bit elements.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "reelspark/preparation.h"

namespace reelspark::preparation {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kWarpSize = 32;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kOctet = 8;

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__half value) { return __half2float(value); }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

// Eight dimensions of one token, as they lie in memory.
template <typename T>
struct alignas(16) Octet {
  T element[kOctet];

  __device__ float operator[](int i) const { return to_float(element[i]); }
};

// Makes the compiler convert 16-bit elements again where they are used next, rather than keep twice the registers.
template <typename T>
__device__ void keep_packed(Octet<T>& octet) {
  if constexpr (sizeof(T) == 2) {
    uint4& words = *reinterpret_cast<uint4*>(&octet);
    asm volatile("" : "+r"(words.x), "+r"(words.y), "+r"(words.z), "+r"(words.w));
  }
}

// Whether what is read will be read again soon, and so should stay in the caches.
enum class Reuse { kSoon, kNever };

template <Reuse kReuse, typename T>
__device__ Octet<T> load_octet(const T* address) {
  Octet<T> octet;
#pragma unroll
  for (int i = 0; i < static_cast<int>(sizeof octet / sizeof(uint4)); ++i) {
    const uint4* const words = reinterpret_cast<const uint4*>(address) + i;
    reinterpret_cast<uint4*>(&octet)[i] = kReuse == Reuse::kSoon ? __ldg(words) : __ldcs(words);
  }
  return octet;
}

// One head of one operand, in the order in which attention works.
template <typename T>
struct HeadView {
  const T* tokens;
  int64_t stride;
  const int32_t* order;
  int64_t count;
  int head_dim;

  // Zeros past the last token and past the head's dimensions.
  template <Reuse kReuse>
  __device__ Octet<T> load(int64_t place, int dimension) const {
    if (place >= count || dimension >= head_dim) {
      return {};
    }
    const int64_t token = order == nullptr ? place : order[place];
    return load_octet<kReuse>(tokens + token * stride + dimension);
  }
};

template <typename T>
__device__ HeadView<T> head_view(
    const void* tokens, const TokenStrides& strides, const int32_t* order, int64_t count, int head_dim, int64_t batch,
    int64_t head) {
  return {static_cast<const T*>(tokens) + token_offset(strides, batch, head, 0), strides.token, order, count, head_dim};
}

// Sums `value` over the lanes whose numbers differ by multiples of kFirst below kLast; every lane gets the sum.
template <int kFirst, int kLast>
__device__ float sum_over_lanes(float value) {
#pragma unroll
  for (int distance = kFirst; distance < kLast; distance *= 2) {
    value += __shfl_xor_sync(0xffffffff, value, distance);
  }
  return value;
}

__device__ inline float plus(float a, float b) { return a + b; }

// The greater of two numbers, NaN if either is.
__device__ inline float greater(float a, float b) {
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}

// Combines kSize values over the lanes whose numbers differ in the bits kDistance .. kStop. Lanes share the work: at each
// step a lane keeps one half of the values, the upper half where its bit is set, and passes the other half on; values
// of which one is left are combined by all. This takes a fraction of the exchanges of one value after the other.
template <int kDistance, int kStop, int kSize, typename Combine>
__device__ void fold_lanes(float* value, const Combine& combine) {
  if constexpr (kDistance >= kStop) {
    constexpr int kHalf = kSize > 1 ? kSize / 2 : 1;
    const bool upper = threadIdx.x & kDistance;
#pragma unroll
    for (int i = 0; i < kHalf; ++i) {
      const float kept = kSize > 1 && upper ? value[kSize - kHalf + i] : value[i];
      const float passed = kSize > 1 && !upper ? value[kSize - kHalf + i] : value[i];
      value[i] = combine(kept, __shfl_xor_sync(0xffffffff, passed, kDistance));
    }
    fold_lanes<kDistance / 2, kStop, kHalf>(value, combine);
  }
}

// A warp reads whole tokens, some at once; it packs its share of the kPackTokens of a block in kPasses steps.
template <int D>
struct WarpTokens {
  static constexpr int kLanes = D / kOctet;  // of one token
  static constexpr int kAtOnce = kWarpSize / kLanes;
  static constexpr int kTokens = kPackTokens / kWarps;
  static constexpr int kPasses = kTokens / kAtOnce;

  __device__ static int lane() { return threadIdx.x % kWarpSize; }
  __device__ static int warp() { return threadIdx.x / kWarpSize; }
  __device__ static int dimension() { return threadIdx.x % kLanes * kOctet; }
  __device__ static int token(int pass) { return warp() * kTokens + pass * kAtOnce + lane() / kLanes; }

  // The lanes of a token see kPasses tokens; as many neighbours own each.
  static constexpr int kOwners = kLanes / kPasses;
  static_assert(kOwners > 0);

  __device__ static int own_token() { return token(lane() % kLanes / kOwners); }
  __device__ static bool is_first_owner() { return lane() % kOwners == 0; }

  // Combines a value of each pass over the lanes of a token; a lane gets that of its own token.
  template <typename Combine>
  __device__ static float of_own_token(float (&value)[kPasses], const Combine& combine) {
    fold_lanes<kLanes / 2, 1, kPasses>(value, combine);
    return value[0];
  }

  // The value that the owners of the token of a pass have.
  __device__ static float of_pass(float own, int pass) { return __shfl_sync(0xffffffff, own, kOwners * pass, kLanes); }
};

// Close to the inverse; exact ones take a dozen instructions.
__device__ inline float approximate_inverse(float value) {
  float inverse;
  asm("rcp.approx.f32 %0, %1;" : "=f"(inverse) : "f"(value));
  return inverse;
}

__device__ inline bool is_finite(float value) { return fabsf(value) <= 3.402823466e38f; }

// Smaller numbers count as zero when they are quantised: the inverse of their scale would leave the range of fp32.
constexpr float kLeastMagnitude = 0x1p-100f;

}  // namespace reelspark::preparation
