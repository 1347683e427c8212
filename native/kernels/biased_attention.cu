// Dense attention of a short sequence with an additive bias, as T5 text encoders have it: fp32 arithmetic, any length.
//
// A text encoder runs once for a video, so this kernel is plain: a warp takes a few queries, its lanes the keys of a tile
// for the scores and the dimensions for the sum over values.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace reelspark {
namespace {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kWarpSize = 32;
constexpr int kQueriesOfWarp = 4;
constexpr int kQueries = kThreads / kWarpSize * kQueriesOfWarp;
constexpr int kKeys = kWarpSize;
constexpr int kMostDimensions = 128;
constexpr int kDimensionsOfLane = kMostDimensions / kWarpSize;

__device__ float to_float(float value) { return value; }
__device__ float to_float(__half value) { return __half2float(value); }
__device__ float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

__device__ void store(float* to, float value) { *to = value; }
__device__ void store(__half* to, float value) { *to = __float2half_rn(value); }
__device__ void store(__nv_bfloat16* to, float value) { *to = __float2bfloat16_rn(value); }

__device__ float warp_max(float value) {
#pragma unroll
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, distance));
  }
  return value;
}

__device__ float warp_sum(float value) {
#pragma unroll
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    value += __shfl_xor_sync(0xffffffff, value, distance);
  }
  return value;
}

// Copies rows of one head of a [token, head, dimension] tensor; rows past the end become zeros.
template <typename T>
__device__ void load_rows(
    const T* tensor, int64_t first, int count, int64_t tokens, int heads, int head_dim, int stride, float* rows) {
  for (int i = threadIdx.x; i < count * head_dim; i += kThreads) {
    const int row = i / head_dim, dimension = i % head_dim;
    const int64_t token = first + row;
    rows[row * stride + dimension] =
        token < tokens ? to_float(tensor[(token * heads + blockIdx.y) * head_dim + dimension]) : 0.0f;
  }
}

template <typename T>
__device__ void biased_attention(
    const T* __restrict__ query, const T* __restrict__ key, const T* __restrict__ value, const T* __restrict__ bias,
    T* __restrict__ out, int64_t tokens, int heads, int head_dim, float scale) {
  __shared__ float queries[kQueries * kMostDimensions];
  // One more than the dimensions: lanes read the same dimension of different keys, each from its own bank.
  __shared__ float keys[kKeys * (kMostDimensions + 1)];
  __shared__ float values[kKeys * kMostDimensions];

  const int64_t head = blockIdx.y;
  const int64_t first_query = static_cast<int64_t>(blockIdx.x) * kQueries;
  const int lane = threadIdx.x % kWarpSize;
  const int first_row = threadIdx.x / kWarpSize * kQueriesOfWarp;
  load_rows(query, first_query, kQueries, tokens, heads, head_dim, kMostDimensions, queries);

  float maximum[kQueriesOfWarp], weight_sum[kQueriesOfWarp], sum[kQueriesOfWarp][kDimensionsOfLane];
#pragma unroll
  for (int q = 0; q < kQueriesOfWarp; ++q) {
    maximum[q] = -INFINITY;
    weight_sum[q] = 0;
#pragma unroll
    for (int i = 0; i < kDimensionsOfLane; ++i) {
      sum[q][i] = 0;
    }
  }

  for (int64_t first_key = 0; first_key < tokens; first_key += kKeys) {
    __syncthreads();
    load_rows(key, first_key, kKeys, tokens, heads, head_dim, kMostDimensions + 1, keys);
    load_rows(value, first_key, kKeys, tokens, heads, head_dim, kMostDimensions, values);
    __syncthreads();

    float product[kQueriesOfWarp] = {};
    for (int d = 0; d < head_dim; ++d) {
      const float k = keys[lane * (kMostDimensions + 1) + d];
#pragma unroll
      for (int q = 0; q < kQueriesOfWarp; ++q) {
        product[q] += queries[(first_row + q) * kMostDimensions + d] * k;
      }
    }
#pragma unroll
    for (int q = 0; q < kQueriesOfWarp; ++q) {
      const int64_t token = first_query + first_row + q;
      const bool real = token < tokens && first_key + lane < tokens;
      const float score =
          real ? scale * product[q] + to_float(bias[(head * tokens + token) * tokens + first_key + lane]) : -INFINITY;
      const float new_maximum = fmaxf(maximum[q], warp_max(score));
      // A row whose keys are all at minus infinity so far has no weights; a NaN score stays one.
      const float weight = score == -INFINITY ? 0.0f : expf(score - new_maximum);
      const float keep = maximum[q] == -INFINITY ? 0.0f : expf(maximum[q] - new_maximum);
      maximum[q] = new_maximum;
      weight_sum[q] = weight_sum[q] * keep + warp_sum(weight);
#pragma unroll
      for (int i = 0; i < kDimensionsOfLane; ++i) {
        sum[q][i] *= keep;
      }
      for (int j = 0; j < kKeys; ++j) {
        const float weight_of_key = __shfl_sync(0xffffffff, weight, j);
#pragma unroll
        for (int i = 0; i < kDimensionsOfLane; ++i) {
          const int dimension = i * kWarpSize + lane;
          if (dimension < head_dim) {
            sum[q][i] += weight_of_key * values[j * kMostDimensions + dimension];
          }
        }
      }
    }
  }

#pragma unroll
  for (int q = 0; q < kQueriesOfWarp; ++q) {
    const int64_t token = first_query + first_row + q;
#pragma unroll
    for (int i = 0; i < kDimensionsOfLane; ++i) {
      const int dimension = i * kWarpSize + lane;
      if (token < tokens && dimension < head_dim) {
        store(out + (token * heads + head) * head_dim + dimension,
              weight_sum[q] == 0 ? 0.0f : sum[q][i] / weight_sum[q]);
      }
    }
  }
}

}  // namespace
}  // namespace reelspark

// One entry point for each element type. Grid: (blocks of 16 queries, heads).
//
//   query, key, value, out  [token, head, dimension]
//   bias                    [head, query token, key token], added to scale * q . k
//   head_dim                at most 128
//
// A query whose scores are all minus infinity gives zeros. The same input gives the same bits.
#define BIASED_ATTENTION(name, T)                                                                            \
  extern "C" __global__ void __launch_bounds__(reelspark::kThreads) name(                                    \
      const T* query, const T* key, const T* value, const T* bias, T* out, int64_t tokens, int heads,        \
      int head_dim, float scale) {                                                                           \
    reelspark::biased_attention<T>(query, key, value, bias, out, tokens, heads, head_dim, scale);            \
  }

BIASED_ATTENTION(biased_attention_f32, float)
BIASED_ATTENTION(biased_attention_f16, __half)
BIASED_ATTENTION(biased_attention_bf16, __nv_bfloat16)
