// Rows of a matrix, each read by a group of neighbouring lanes of a warp and held in registers.
#pragma once

#include <type_traits>

#include "elements.h"

namespace reelspark::model {

constexpr int kWarpSize = 32;

// The smallest power of two that gives every lane at most one octet of a row, up to a warp.
__device__ inline int lanes_of_row(int columns) {
  int lanes = 1;
  while (lanes < kWarpSize && lanes * kOctet < columns) {
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
        cache_[i] = load(row_ + first(i), count_from(first(i), columns_), access_);
      }
    }
  }

  // Calls use(first column, count, octet) for this lane's octets.
  template <typename Use>
  __device__ void each(const Use& use) const {
#pragma unroll
    for (int i = 0; i < kCached; ++i) {
      if (first(i) < columns_) {
        use(first(i), count_from(first(i), columns_), cache_[i]);
      }
    }
    for (int i = kCached; first(i) < columns_; ++i) {
      const int count = count_from(first(i), columns_);
      use(first(i), count, load(row_ + first(i), count, access_));
    }
  }

 private:
  static constexpr int kCached = std::is_same_v<Access, ByOctets> ? 24 * 4 / sizeof(Octet<T>) : 0;

  __device__ int first(int i) const { return (lane_ + i * lanes_) * kOctet; }

  const T* row_;
  int columns_;
  int lane_;
  int lanes_;
  Access access_;
  Octet<T> cache_[kCached + 1];
};

}  // namespace reelspark::model
