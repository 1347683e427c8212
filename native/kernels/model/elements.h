// Elements of tensors, eight at a time: 16-byte accesses of what lies in memory, fp32 for what is computed.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace reelspark::model {

constexpr int kOctet = 8;

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__half value) { return __half2float(value); }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

// Rounds to nearest, ties to even.
__device__ inline void put(float& to, float value) { to = value; }
__device__ inline void put(__half& to, float value) { to = __float2half_rn(value); }
__device__ inline void put(__nv_bfloat16& to, float value) { to = __float2bfloat16_rn(value); }

// Eight elements as they lie in memory.
template <typename T>
struct alignas(16) Octet {
  T element[kOctet];

  __device__ float operator[](int i) const { return to_float(element[i]); }
};

// How rows are accessed: 16 bytes at a time where sizes, strides and addresses allow it, else one element at a time.
struct ByOctets {};
struct ByElements {};

// Calls use(access). Sizes and strides are in elements, given as the bits that any of them has.
template <typename Use, typename... Pointers>
__device__ void with_access(int64_t size_bits, const Use& use, Pointers... pointers) {
  const uint64_t address_bits = (uint64_t{0} | ... | reinterpret_cast<uint64_t>(pointers));
  if (size_bits % kOctet == 0 && address_bits % 16 == 0) {
    use(ByOctets());
  } else {
    use(ByElements());
  }
}

template <typename T>
__device__ Octet<T> load(const T* from, int, ByOctets) {
  Octet<T> octet;
#pragma unroll
  for (int i = 0; i < static_cast<int>(sizeof octet / sizeof(uint4)); ++i) {
    reinterpret_cast<uint4*>(&octet)[i] = reinterpret_cast<const uint4*>(from)[i];
  }
  return octet;
}

// The first `count` elements, then zeros.
template <typename T>
__device__ Octet<T> load(const T* from, int count, ByElements) {
  Octet<T> octet;
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
    put(octet.element[i], i < count ? to_float(from[i]) : 0.0f);
  }
  return octet;
}

template <typename T>
__device__ void store(T* to, const float (&values)[kOctet], int, ByOctets) {
  Octet<T> octet;
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
    put(octet.element[i], values[i]);
  }
#pragma unroll
  for (int i = 0; i < static_cast<int>(sizeof octet / sizeof(uint4)); ++i) {
    reinterpret_cast<uint4*>(to)[i] = reinterpret_cast<const uint4*>(&octet)[i];
  }
}

template <typename T>
__device__ void store(T* to, const float (&values)[kOctet], int count, ByElements) {
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
    if (i < count) {
      put(to[i], values[i]);
    }
  }
}

__device__ inline int count_from(int first, int columns) {
  return columns - first < kOctet ? columns - first : kOctet;
}

// Of this thread among all of the launch. Kernels step through their work by the number of threads, so that any grid is
// right.
__device__ inline int64_t thread_of_grid() {
  return static_cast<int64_t>(blockIdx.x) * REELSPARK_THREADS + threadIdx.x;
}
__device__ inline int64_t threads_of_grid() { return static_cast<int64_t>(gridDim.x) * REELSPARK_THREADS; }

// Calls use(first element, count, access) for this thread's octets of an array. The last one may have fewer elements.
template <typename Use, typename... Pointers>
__device__ void each_octet(int64_t count, const Use& use, Pointers... pointers) {
  const uint64_t address_bits = (uint64_t{0} | ... | reinterpret_cast<uint64_t>(pointers));
  const int64_t step = threads_of_grid() * kOctet;
  for (int64_t first = thread_of_grid() * kOctet; first < count; first += step) {
    if (count - first >= kOctet && address_bits % 16 == 0) {
      use(first, kOctet, ByOctets());
    } else {
      use(first, static_cast<int>(count - first < kOctet ? count - first : kOctet), ByElements());
    }
  }
}

}  // namespace reelspark::model
