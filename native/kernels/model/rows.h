// Rows of a matrix, each read by a group of neighbouring lanes of a warp and held in registers.
#pragma once

#include <type_traits>

#include "elements.h"

namespace reelspark::model {

constexpr int kWarpSize = 32;

// What begins an entry point. A multiprocessor shall hold four blocks at least: these kernels live on loads under way.
#define REELSPARK_ROW_KERNEL extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS, 4)

// The smallest power of two that gives every lane at most three octets of a row, up to a warp. Short rows share a warp:
// so each lane has several loads under way, and rows of 96 times a power of two, as VAEs have, leave no lane idle.
__device__ inline int lanes_of_row(int columns) {
  int lanes = 1;
  while (lanes < kWarpSize && lanes * 3 * kOctet < columns) {
    lanes *= 2;
  }
  return lanes;
}

// The rows that a warp works on at once, one for each of its groups of lanes.
class RowGroups {
 public:
  __device__ RowGroups(int64_t rows, int columns)
      : rows_(rows), lanes_(lanes_of_row(columns)), lane_(static_cast<int>(threadIdx.x) % kWarpSize) {}

  __device__ int lanes() const { return lanes_; }
  // Of its group.
  __device__ int lane() const { return lane_ % lanes_; }

  // Calls use(row, exists) for this lane's rows. A warp's lanes call it equally often, so that it may exchange values
  // between them; a row past the end does not exist.
  template <typename Use>
  __device__ void each(const Use& use) const {
    const int rows_at_once = kWarpSize / lanes_;
    const int64_t step = threads_of_grid() / kWarpSize * rows_at_once;
    for (int64_t first = thread_of_grid() / kWarpSize * rows_at_once; first < rows_; first += step) {
      const int64_t row = first + lane_ / lanes_;
      use(row, row < rows_);
    }
  }

  __device__ float sum(float value) const {
    for (int distance = 1; distance < lanes_; distance *= 2) {
      value += __shfl_xor_sync(0xffffffff, value, distance);
    }
    return value;
  }

  __device__ float greatest(float value) const {
    for (int distance = 1; distance < lanes_; distance *= 2) {
      value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, distance));
    }
    return value;
  }

 private:
  int64_t rows_;
  int lanes_;
  int lane_;
};

// One row. What does not fit into 24 registers of each lane is read again, from L1, when it is used again; so is a row that
// is read by elements.
template <typename T, typename Access>
class Row {
 public:
  __device__ Row(const T* row, int columns, const RowGroups& groups, Access access)
      : row_(row), columns_(columns), lane_(groups.lane()), lanes_(groups.lanes()), access_(access) {
#pragma unroll
    for (int i = 0; i < kCached; ++i) {
      if (first(i) < columns_) {
        cache_[i] = load(row_ + first(i), count(i), access_);
      }
    }
  }

  // Calls use(first column, count, octet) for this lane's octets.
  template <typename Use>
  __device__ void each(const Use& use) {
#pragma unroll
    for (int i = 0; i < kCached; ++i) {
      if (first(i) < columns_) {
        forget(cache_[i]);
        use(first(i), count(i), cache_[i]);
      }
    }
    for (int i = kCached; first(i) < columns_; ++i) {
      use(first(i), count(i), load(row_ + first(i), count(i), access_));
    }
  }

 private:
  static constexpr int kCached = std::is_same_v<Access, ByOctets> ? 24 * 4 / sizeof(Octet<T>) : 0;

  // Makes the compiler forget what it worked out from the octet. Else it would keep the numbers converted to fp32 from one
  // use to the next, in twice the registers, and fewer rows would be under way.
  __device__ static void forget(Octet<T>& octet) {
#ifdef __CUDA_ARCH__
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof octet / sizeof(uint32_t)); ++i) {
      asm volatile("" : "+r"(reinterpret_cast<uint32_t*>(&octet)[i]));
    }
#endif
  }

  __device__ int first(int i) const { return (lane_ + i * lanes_) * kOctet; }
  __device__ int count(int i) const {
    return std::is_same_v<Access, ByOctets> ? kOctet : count_from(first(i), columns_);
  }

  const T* row_;
  int columns_;
  int lane_;
  int lanes_;
  Access access_;
  Octet<T> cache_[kCached + 1];
};

}  // namespace reelspark::model
