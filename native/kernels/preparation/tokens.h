// How the threads of a block hold and combine tokens: eight dimensions at a time, sixteen bytes of 16-bit elements.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "reelspark/preparation.h"

namespace reelspark::preparation {

constexpr int kWarpSize = 32;
// Two warps of a block serve the others, the workers: see schedule.h.
constexpr int kWorkers = REELSPARK_THREADS - 2 * kWarpSize;
constexpr int kWarps = kWorkers / kWarpSize;
constexpr int kOctet = 8;

__device__ inline int lane_number() { return threadIdx.x % kWarpSize; }
__device__ inline int warp_number() { return threadIdx.x / kWarpSize; }

// Barrier of the workers alone.
__device__ inline void sync_workers() { asm volatile("barrier.sync 1, %0;" ::"n"(kWorkers) : "memory"); }

// Barrier of all warps of a block, which reach it at different places of the code: of one that need not be aligned, tools
// that check barriers expect no more.
__device__ inline void sync_block() { asm volatile("barrier.sync 2, %0;" ::"n"(REELSPARK_THREADS) : "memory"); }

// Combines a register of elements at a time, one of 32 bits or two of 16.
template <typename T>
struct Word;
template <>
struct Word<float> {
  using Type = float;
};
template <>
struct Word<__half> {
  using Type = __half2;
};
template <>
struct Word<__nv_bfloat16> {
  using Type = __nv_bfloat162;
};

// The same number, or NaN unless it is finite.
__device__ inline float finite_or_nan(float value) { return fmaf(value, 0.0f, value); }
__device__ inline __half2 finite_or_nan(__half2 value) { return __hfma2(value, __float2half2_rn(0), value); }
__device__ inline __nv_bfloat162 finite_or_nan(__nv_bfloat162 value) {
  return __hfma2(value, __float2bfloat162_rn(0), value);
}

__device__ inline float magnitude(float value) { return fabsf(value); }
__device__ inline __half2 magnitude(__half2 value) { return __habs2(value); }
__device__ inline __nv_bfloat162 magnitude(__nv_bfloat162 value) { return __habs2(value); }

// The greater of two numbers, the other one if one is NaN.
__device__ inline float greater_number(float a, float b) { return fmaxf(a, b); }
__device__ inline __half2 greater_number(__half2 a, __half2 b) { return __hmax2(a, b); }
__device__ inline __nv_bfloat162 greater_number(__nv_bfloat162 a, __nv_bfloat162 b) { return __hmax2(a, b); }

// The greater of two numbers, NaN if either is.
__device__ inline float greater(float a, float b) {
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}
__device__ inline __half2 greater(__half2 a, __half2 b) { return __hmax2_nan(a, b); }
__device__ inline __nv_bfloat162 greater(__nv_bfloat162 a, __nv_bfloat162 b) { return __hmax2_nan(a, b); }

__device__ inline float greatest_part(float value) { return value; }
__device__ inline float greatest_part(__half2 value) { return greater(__low2float(value), __high2float(value)); }
__device__ inline float greatest_part(__nv_bfloat162 value) {
  return greater(__low2float(value), __high2float(value));
}

// Eight dimensions of one token, as they lie in memory. Kept in whole registers: the compiler takes arrays of 16-bit
// elements apart.
template <typename T>
struct alignas(16) Octet {
  static constexpr int kWords = kOctet * sizeof(T) / 4;
  static constexpr int kUnits = kOctet * sizeof(T) / 16;
  typename Word<T>::Type word[kWords];

  __device__ float operator[](int i) const {
    if constexpr (sizeof(T) == 4) {
      return word[i];
    } else if constexpr (std::is_same_v<T, __half>) {
      return i % 2 == 0 ? __low2float(word[i / 2]) : __high2float(word[i / 2]);
    } else {
      // The upper half of a float.
      const uint32_t bits = *reinterpret_cast<const uint32_t*>(&word[i / 2]);
      return __uint_as_float(i % 2 == 0 ? bits << 16 : bits & 0xffff0000);
    }
  }

  // The greatest magnitude of the eight, NaN if one is.
  __device__ float greatest_magnitude() const {
    typename Word<T>::Type greatest = magnitude(word[0]);
#pragma unroll
    for (int i = 1; i < kWords; ++i) {
      greatest = greater(greatest, magnitude(word[i]));
    }
    return greatest_part(greatest);
  }
};

// Makes the compiler convert 16-bit elements again where they are used next, rather than keep twice the registers.
template <typename T>
__device__ void keep_packed(Octet<T>& octet) {
  if constexpr (sizeof(T) == 2) {
    uint4& words = *reinterpret_cast<uint4*>(&octet);
    asm volatile("" : "+r"(words.x), "+r"(words.y), "+r"(words.z), "+r"(words.w));
  }
}

__device__ inline float plus(float a, float b) { return a + b; }

// Sums `value` over the lanes of a warp; every lane gets the sum.
__device__ inline float sum_over_warp(float value) {
#pragma unroll
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    value += __shfl_xor_sync(0xffffffff, value, distance);
  }
  return value;
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

// A warp holds whole tokens, some at once; it goes through its share of a tile in kPasses steps.
template <int D>
struct WarpTokens {
  static constexpr int kLanes = D / kOctet;  // of one token
  static constexpr int kAtOnce = kWarpSize / kLanes;
  static constexpr int kTokens = tile_tokens(D) / kWarps;
  static constexpr int kPasses = kTokens / kAtOnce;

  __device__ static int dimension() { return threadIdx.x % kLanes * kOctet; }
  __device__ static int token(int pass) { return warp_number() * kTokens + pass * kAtOnce + lane_number() / kLanes; }

  // The lanes of a token see kPasses tokens; as many neighbours own each.
  static constexpr int kOwners = kLanes / kPasses;
  static_assert(kOwners > 0);

  __device__ static int own_token() { return token(lane_number() % kLanes / kOwners); }
  __device__ static bool is_first_owner() { return lane_number() % kOwners == 0; }

  // Combines a value of each pass over the lanes of a token; a lane gets that of its own token.
  template <typename Combine>
  __device__ static float of_own_token(float (&value)[kPasses], const Combine& combine) {
    fold_lanes<kLanes / 2, 1, kPasses>(value, combine);
    return value[0];
  }

  // The value that the owners of the token of a pass have.
  __device__ static float of_pass(float own, int pass) { return __shfl_sync(0xffffffff, own, kOwners * pass, kLanes); }

  // Dimensions of a lane once eight were folded over the lanes of different tokens.
  static constexpr int kFolded = kOctet / kAtOnce;
  struct alignas(4 * kFolded) Folded {
    float value[kFolded];
  };
  __device__ static int folded_dimension() { return dimension() + lane_number() / kLanes * kFolded; }

  template <typename Combine>
  __device__ static Folded fold_tokens(float (&value)[kOctet], const Combine& combine) {
    fold_lanes<kWarpSize / 2, kLanes, kOctet>(value, combine);
    Folded folded;
#pragma unroll
    for (int i = 0; i < kFolded; ++i) {
      folded.value[i] = value[i];
    }
    return folded;
  }
};

// What a worker holds of a tile.
template <typename T, int D>
using Octets = Octet<T>[WarpTokens<D>::kPasses];

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
