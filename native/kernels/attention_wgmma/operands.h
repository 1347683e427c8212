// The operand formats: how big their blocks are, how many make a step of work, how they lie in a stage of shared memory,
// and which matrix instructions multiply them. All that the kernels of one format and head dimension are tuned by is here.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#include "wgmma.h"
#include "reelspark/attention_layout.h"
#include "reelspark/linear_weight.h"

namespace reelspark::hopper {

constexpr int kGroupQueries = 64;
constexpr int kGroups = kQueryBlock / kGroupQueries;

// How the threads of a multiprocessor keep its units busy. A thread block is alone on its multiprocessor.
enum class Overlap {
  kProducts,       // values of one step are multiplied behind the scores of the next, by two warpgroups
  kTwins,          // one thing after the other, by four warpgroups: where registers allow it, more warps hide more
  kTwinsProducts,  // by four, with the values behind the scores: the output gives its registers up for that
};

// Pairs of warpgroups in a thread block: each has shared memory and rows of work of its own.
template <Overlap kOverlap>
constexpr int kPairs = kOverlap == Overlap::kProducts ? 1 : 2;

// How scores become weights.
enum class Weighting {
  kExponentials,  // by the special function unit
  kLinear,        // their bits by integer arithmetic, see linear_weight.h
};

// INT8 queries and keys, e4m3 values.
template <int D>
struct ByteOperands {
  using Score = int32_t;
  static constexpr Weighting kWeighting = Weighting::kLinear;
  static constexpr Overlap kOverlap = D == 128 ? Overlap::kProducts : Overlap::kTwinsProducts;
  // Key blocks of a step.
  static constexpr int kStepBlocks = D == 128 ? 2 : 1;
  // Registers of a thread that hold the scores of a step.
  static constexpr int kScores = kStepBlocks * kKeyBlock / 2;
  static constexpr bool kScaled = true;
  static constexpr int kHeadDim = D;
  static constexpr int kQueryBytes = kQueryBlock * D;
  static constexpr int kBlockBytes = kKeyBlock * D;
  static constexpr int kPanels = 1;
  static constexpr int kStages = D == 128 ? 5 : 7;
  // Rows of ones behind the transposed values, through which the matrix instructions sum the weights: these are what
  // e4m3 makes of them, so their errors are in numerator and denominator alike.
  static constexpr int kOnesRows = 8;
  static constexpr uint32_t kOnes = 0x38383838;
  static constexpr int kValueBytes = kBlockBytes + kOnesRows * kKeyBlock;
  static constexpr int kSums = (D + kOnesRows) / 2;
  static constexpr float kTolerance = kLinearTolerance;
  static constexpr float kSumExponent = kLinearSumExponent;
  static constexpr int kWeightRegisters = kScores / 4;

  // The tensor core adds e4m3 products with about 14 bits, so after a few steps sums are added to the output in fp32, and
  // start anew.
  static constexpr bool kPromotes = true;
  static constexpr int kPromotedSteps = 8;

  // Whether queries are multiplied from registers, which spares shared memory a reading of them for each step.
  static constexpr bool kQueriesInRegisters = D == 64;
  static constexpr int kQueryWords = D / 8;

  // The thread's words of a row and of that 8 further, as the A operand takes them.
  static __device__ __forceinline__ void read_queries(
      uint32_t (&words)[kQueryWords], const uint8_t* queries, int row) {
#pragma unroll
    for (int i = 0; i < kQueryWords; ++i) {
      const int column = i / 4 * 32 + i / 2 % 2 * 16 + static_cast<int>(threadIdx.x) % 4 * 4;
      words[i] = *reinterpret_cast<const uint32_t*>(queries + int8_offset<D>(row + i % 2 * 8, column));
    }
  }

  static __device__ __forceinline__ void issue_scores(
      Score (&scores)[kScores], const uint32_t (&queries)[kQueryWords], uint32_t keys) {
    const RowDescriptor<D> b(keys);
    wgmma_s8<Accumulate::kStart>(scores, queries, b);
#pragma unroll
    for (int k = 32; k < D; k += 32) {
      wgmma_s8<Accumulate::kAdd>(scores, queries + k / 8, b.moved(k));
    }
  }

  static __device__ __forceinline__ void issue_scores(Score (&scores)[kScores], uint32_t queries, uint32_t keys) {
    const RowDescriptor<D> a(queries), b(keys);
    wgmma_s8<Accumulate::kStart>(scores, a, b);
#pragma unroll
    for (int k = 32; k < D; k += 32) {
      wgmma_s8<Accumulate::kAdd>(scores, a.moved(k), b.moved(k));
    }
  }

  // Where the rows of a group of queries begin.
  static constexpr int kGroupBytes = kGroupQueries * D;

  static __device__ __forceinline__ void issue_values(
      float (&sums)[kSums], const uint32_t (&weights)[kWeightRegisters], uint32_t values) {
    const RowDescriptor<kKeyBlock> b(values);
#pragma unroll
    for (int k = 0; k < 2 * kStepBlocks; ++k) {
      wgmma_e4m3<Accumulate::kAdd>(sums, weights + 4 * k, b.moved(k / 2 * kValueBytes + k % 2 * 32));
    }
  }

  // Where the dimensions of a query lie, in 16-byte units of its row.
  static constexpr int kRowUnits = D / 16;

  // Weights as the A operand takes them: of each 16 columns four bytes of each of two rows.
  static __device__ __forceinline__ void pack_weights(
      uint32_t (&packed)[kWeightRegisters], const uint32_t (&w)[kScores]) {
#pragma unroll
    for (int i = 0; i < kWeightRegisters; ++i) {
      const int first = i / 2 * 8 + i % 2 * 2;
      packed[i] = pack(w[first], w[first + 1], w[first + 4], w[first + 5]);
    }
  }

  // NaN becomes the NaN of e4m3.
  static __device__ __forceinline__ uint32_t pack(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    uint32_t packed;
    asm("{\n .reg .b16 low, high;\n"
        " cvt.rn.satfinite.e4m3x2.f32 low, %2, %1;\n"
        " cvt.rn.satfinite.e4m3x2.f32 high, %4, %3;\n"
        " mov.b32 %0, {low, high};\n}\n"
        : "=r"(packed)
        : "f"(__uint_as_float(w0)), "f"(__uint_as_float(w1)), "f"(__uint_as_float(w2)), "f"(__uint_as_float(w3)));
    return packed;
  }
};

// bf16 or fp16 queries, keys and values.
template <typename T, int D>
struct SixteenBitOperands {
  using Score = float;
  static constexpr Weighting kWeighting = Weighting::kExponentials;
  static constexpr Overlap kOverlap = D == 128 ? Overlap::kProducts : Overlap::kTwins;
  static constexpr int kStepBlocks = D == 128 ? 2 : 1;
  static constexpr int kStepKeys = kStepBlocks * kKeyBlock;
  static constexpr int kScores = kStepKeys / 2;
  static constexpr bool kScaled = false;
  static constexpr int kHeadDim = D;
  static constexpr int kQueryBytes = kQueryBlock * D * 2;
  static constexpr int kBlockBytes = kKeyBlock * D * 2;
  static constexpr int kOnesRows = 0;
  static constexpr int kValueBytes = kBlockBytes;
  static constexpr int kPanels = D / 64;
  static constexpr int kStages = D == 128 ? 2 : 4;
  static constexpr float kTolerance = 8;
  static constexpr float kSumExponent = 0;
  static constexpr int kWeightRegisters = kScores / 2;
  static constexpr bool kPromotes = false;
  static constexpr int kSums = D / 2;
  static constexpr bool kBf16 = std::is_same_v<T, __nv_bfloat16>;
  static constexpr bool kQueriesInRegisters = false;
  static constexpr int kQueryWords = 1;  // none

  static __device__ __forceinline__ void issue_scores(Score (&scores)[kScores], uint32_t queries, uint32_t keys) {
    const RowDescriptor<128> a(queries), b(keys);
#pragma unroll
    for (int k = 0; k < D; k += 16) {
      // A panel has 64 dimensions of all tokens.
      const uint64_t a_k = a.moved(k / 64 * (kQueryBlock * 128) + k % 64 * 2);
      const uint64_t b_k = b.moved(k / 64 * (kStepKeys * 128) + k % 64 * 2);
      if (k == 0) {
        multiply<Accumulate::kStart>(scores, a_k, b_k);
      } else {
        multiply<Accumulate::kAdd>(scores, a_k, b_k);
      }
    }
  }

  static constexpr int kGroupBytes = kGroupQueries * 128;

  static __device__ __forceinline__ void issue_values(
      float (&sums)[kSums], const uint32_t (&weights)[kWeightRegisters], uint32_t values) {
    const ColumnDescriptor b(values, kStepKeys * 128);
#pragma unroll
    for (int k = 0; k < kStepKeys / 16; ++k) {
      multiply<Accumulate::kAdd>(sums, weights + 4 * k, b.moved(k * 16 * 128));
    }
  }

  template <Accumulate kAccumulate, int kCount, typename A>
  static __device__ __forceinline__ void multiply(float (&d)[kCount], A a, uint64_t b) {
    if constexpr (kBf16) {
      wgmma_bf16<kAccumulate>(d, a, b);
    } else {
      wgmma_f16<kAccumulate>(d, a, b);
    }
  }

  // Weights as the A operand takes them: in the order in which they are.
  static __device__ __forceinline__ void pack_weights(
      uint32_t (&packed)[kWeightRegisters], const uint32_t (&w)[kScores]) {
#pragma unroll
    for (int i = 0; i < kWeightRegisters; ++i) {
      packed[i] = pack(__uint_as_float(w[2 * i]), __uint_as_float(w[2 * i + 1]));
    }
  }

  static __device__ __forceinline__ uint32_t pack(float w0, float w1) {
    uint32_t packed;
    if constexpr (kBf16) {
      asm("cvt.rn.bf16x2.f32 %0, %2, %1;" : "=r"(packed) : "f"(w0), "f"(w1));
    } else {
      asm("cvt.rn.f16x2.f32 %0, %2, %1;" : "=r"(packed) : "f"(w0), "f"(w1));
    }
    return packed;
  }
};

template <int D>
using BfloatOperands = SixteenBitOperands<__nv_bfloat16, D>;

template <int D>
using HalfOperands = SixteenBitOperands<__half, D>;

}  // namespace reelspark::hopper
