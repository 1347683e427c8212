// Block pooling, the first step of block prediction (SpargeAttn, arXiv 2502.18137): each block of tokens
// of Q or K becomes its mean token and its self-similarity.
//
// Self-similarity is the mean of all entries of the Gram matrix of the block's normalised tokens. That equals the
// squared norm of the mean normalised token, which costs one pass over the block.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "reelspark/block_layout.h"

namespace reelspark {
namespace {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kWarpSize = 32;
constexpr int kWarps = kThreads / kWarpSize;

// What one thread loads at once.
template <typename T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / sizeof(T);
  T element[kSize];
};

__device__ float to_float(float value) { return value; }
__device__ float to_float(__half value) { return __half2float(value); }
__device__ float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

// Sums `value` over the lanes whose numbers differ by multiples of kFirst below kLast; every lane gets the sum.
template <int kFirst, int kLast>
__device__ float sum_over_lanes(float value) {
#pragma unroll
  for (int distance = kFirst; distance < kLast; distance *= 2) {
    value += __shfl_xor_sync(0xffffffff, value, distance);
  }
  return value;
}

template <typename T, int kHeadDim>
__device__ void block_pool(
    const T* __restrict__ tokens, TokenStrides strides, int64_t token_count, int block_tokens,
    const float* __restrict__ mean, float* __restrict__ pooled, float* __restrict__ similarity) {
  constexpr int kPack = Pack<T>::kSize;
  constexpr int kLanesPerToken = kHeadDim / kPack;
  constexpr int kTokensPerPass = kThreads / kLanesPerToken;
  static_assert(kHeadDim % kPack == 0 && kWarpSize % kLanesPerToken == 0 && kHeadDim <= kThreads);

  const int64_t block = blockIdx.x;
  const int64_t head = blockIdx.y;
  const int64_t batch = blockIdx.z;
  const BlockRange range = block_range(token_count, block_tokens, block);
  const int dimension = threadIdx.x % kLanesPerToken * kPack;
  const int slot = threadIdx.x / kLanesPerToken;

  float shift[kPack] = {};
  if (mean != nullptr) {
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      shift[i] = mean[(batch * gridDim.y + head) * kHeadDim + dimension + i];
    }
  }

  // Every thread makes the same number of passes, so that whole warps take part in the shuffles; where a pass runs
  // past the block the token counts as zero.
  float sum[kPack] = {};
  float unit_sum[kPack] = {};
#pragma unroll 4
  for (int first = 0; first < range.length; first += kTokensPerPass) {
    const int token = first + slot;
    float value[kPack] = {};
    if (token < range.length) {
      const Pack<T> pack = *reinterpret_cast<const Pack<T>*>(
          tokens + token_offset(strides, batch, head, range.begin + token) + dimension);
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        value[i] = to_float(pack.element[i]) - shift[i];
      }
    }
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      squares += value[i] * value[i];
    }
    squares = sum_over_lanes<1, kLanesPerToken>(squares);
    // A zero token has no direction and adds nothing; the comparison lets NaN through.
    const float inverse_norm = squares == 0 ? 0.0f : rsqrtf(squares);
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      sum[i] += value[i];
      unit_sum[i] += value[i] * inverse_norm;
    }
  }

  __shared__ float sums[kWarps][kHeadDim];
  __shared__ float unit_sums[kWarps][kHeadDim];
  const int warp = threadIdx.x / kWarpSize;
  const int lane = threadIdx.x % kWarpSize;
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    const float warp_sum = sum_over_lanes<kLanesPerToken, kWarpSize>(sum[i]);
    const float warp_unit_sum = sum_over_lanes<kLanesPerToken, kWarpSize>(unit_sum[i]);
    if (lane < kLanesPerToken) {
      sums[warp][dimension + i] = warp_sum;
      unit_sums[warp][dimension + i] = warp_unit_sum;
    }
  }
  __syncthreads();

  const int64_t row = block_row(batch, head, block, gridDim.y, gridDim.x);
  float square = 0;
  if (threadIdx.x < kHeadDim) {
    float total = 0;
    float unit_total = 0;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) {
      total += sums[w][threadIdx.x];
      unit_total += unit_sums[w][threadIdx.x];
    }
    pooled[row * kHeadDim + threadIdx.x] = total / range.length;
    const float unit_mean = unit_total / range.length;
    square = unit_mean * unit_mean;
  }

  __shared__ float squares_of_warp[kWarps];
  square = sum_over_lanes<1, kWarpSize>(square);
  if (lane == 0) {
    squares_of_warp[warp] = square;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) {
      total += squares_of_warp[w];
    }
    similarity[row] = total;
  }
}

}  // namespace
}  // namespace reelspark

// One entry point for each element type and head dimension. Grid: (blocks, heads, batch), with block_count() blocks.
//
//   tokens        first element of the [batch, head, token, dimension] view; 16-byte aligned, like every stride
//   stride_*      in elements
//   token_count   tokens of one head
//   block_tokens  tokens of one block
//   mean          fp32 [batch, head, dimension], subtracted from every token first (K smoothing); null for none
//   pooled        fp32 [batch, head, block, dimension], out
//   similarity    fp32 [batch, head, block], out, in 0 .. 1
//
// Sums are fp32 in a fixed order: the same input gives the same bits.
#define BLOCK_POOL(name, T, head_dim)                                                                             \
  extern "C" __global__ void __launch_bounds__(reelspark::kThreads) name(                                         \
      const T* tokens, int64_t stride_batch, int64_t stride_head, int64_t stride_token, int64_t token_count,      \
      int block_tokens, const float* mean, float* pooled, float* similarity) {                                    \
    reelspark::block_pool<T, head_dim>(                                                                           \
        tokens, {stride_batch, stride_head, stride_token}, token_count, block_tokens, mean, pooled, similarity);  \
  }

BLOCK_POOL(block_pool_f32_d64, float, 64)
BLOCK_POOL(block_pool_f32_d128, float, 128)
BLOCK_POOL(block_pool_f16_d64, __half, 64)
BLOCK_POOL(block_pool_f16_d128, __half, 128)
BLOCK_POOL(block_pool_bf16_d64, __nv_bfloat16, 64)
BLOCK_POOL(block_pool_bf16_d128, __nv_bfloat16, 128)
