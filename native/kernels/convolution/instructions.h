// The instructions of the convolution, or what does the same on the host.
#pragma once

#ifdef REELSPARK_HOST_GPU
#include "host_mma.h"
#else
#include "../attention_mma/instructions.h"

namespace reelspark::mma {

// The same address, held in registers, as above.
__device__ inline const char* kept(const char* address) {
  asm volatile("" : "+l"(address));
  return address;
}

// Copies 16 bytes, or writes zeros and reads nothing.
enum class Source { kZeros, kMemory };

__device__ inline void copy_async(uint32_t to, const void* from, Source source) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
               "r"(source == Source::kMemory ? 16 : 0)
               : "memory");
}

__device__ inline uint8_t* dynamic_shared() {
  extern __shared__ __align__(128) uint8_t shared[];
  return shared;
}

}  // namespace reelspark::mma
#endif
