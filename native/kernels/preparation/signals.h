// How warps of different blocks tell each other what is done.
#pragma once

#include <cstdint>

namespace reelspark::preparation {

// Counts one more as done. What this thread has written or, before a barrier, its block can be read by those that see
// the count.
__device__ inline void signal(uint32_t* counter) {
  asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
}

// The same; returns how many were done before, whose writes can then be read past the L1 cache.
__device__ inline uint32_t signal_and_see(uint32_t* counter) {
  uint32_t before;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
  return before;
}

// How many are done, whose writes can then be read past the L1 cache.
__device__ inline uint32_t done(const uint32_t* counter) {
  uint32_t count;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(count) : "l"(counter) : "memory");
  return count;
}

}  // namespace reelspark::preparation
