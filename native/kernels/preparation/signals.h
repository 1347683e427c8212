// Waiting of thread blocks for each other inside one launch. A block waits only for blocks with lower numbers, and
// numbers are taken in the order of starting, so those it waits for run already.
#pragma once

#include <cstdint>

namespace reelspark::preparation {

// Tells other blocks that one more is done with what all its threads have written so far. Returns how many were done
// before, to every thread. The barrier passes the writes of all threads to the one that releases them.
__device__ inline uint32_t signal(uint32_t* counter) {
  __shared__ uint32_t before;
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
  }
  __syncthreads();
  return before;
}

// Returns when `count` blocks have signalled; what they wrote can then be read past the L1 cache.
__device__ inline void wait_for(const uint32_t* counter, uint32_t count) {
  if (threadIdx.x == 0) {
    uint32_t done;
    do {
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(done) : "l"(counter) : "memory");
      if (done < count) {
        __nanosleep(100);
      }
    } while (done < count);
  }
  __syncthreads();
}

}  // namespace reelspark::preparation
