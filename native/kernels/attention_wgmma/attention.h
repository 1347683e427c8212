// The attention kernel of a block of threads: one warpgroup feeds, two or four attend. See consumer.h for how they overlap.
#pragma once

#include "consumer.h"
#include "producer.h"

namespace reelspark::hopper {

constexpr int kThreads = REELSPARK_THREADS;

// What becomes of the registers of a multiprocessor: 168 or (twins) 96 for each thread, of which the producers pass on what
// they do not need. Few of their warps work, but whole warpgroups hand over.
constexpr int kProducerRegisters = 24;
template <Overlap kOverlap>
constexpr int kConsumerRegisters = kPairs<kOverlap> == 1 ? 240 : 112;

template <typename Operands, typename Out>
__device__ __forceinline__ void attention(const AttentionArguments& arguments) {
  constexpr int kAllPairs = kPairs<Operands::kOverlap>;
  static_assert(kThreads == kAllPairs * kConsumers + kWarpgroupSize);
  static_assert(kAllPairs * sizeof(SharedMemory<Operands>) <= REELSPARK_SHARED_BYTES);
  extern __shared__ __align__(1024) uint8_t shared_bytes[];
  // Through a shuffle: else the compiler asks at every use where shared memory begins, which takes its time.
  const uint32_t base = __shfl_sync(0xffffffff, shared_address(shared_bytes), 0);
  const auto shared = [&](int pair) -> SharedMemory<Operands>& {
    return *reinterpret_cast<SharedMemory<Operands>*>(
        __cvta_shared_to_generic(base + pair * static_cast<uint32_t>(sizeof(SharedMemory<Operands>))));
  };

  for (int pair = 0; pair < kAllPairs; ++pair) {
    if (threadIdx.x == 0) {
      shared(pair).init_barriers(kConsumers);
    }
    shared(pair).write_ones();
  }
  __syncthreads();

  // Through a shuffle the compiler learns that all lanes have the same, and keeps addresses in uniform registers.
  const int warpgroup = __shfl_sync(0xffffffff, threadIdx.x / kWarpgroupSize, 0);
  if (warpgroup == kAllPairs * kGroups) {
    release_registers<kProducerRegisters>();
    const int pair = __shfl_sync(0xffffffff, threadIdx.x / kWarpSize, 0) - kAllPairs * kConsumers / kWarpSize;
    if (pair < kAllPairs) {
      Producer<Operands>(arguments, shared(pair), kAllPairs * gridDim.x).run();
    }
  } else {
    claim_registers<kConsumerRegisters<Operands::kOverlap>>();
    const int pair = warpgroup / kGroups;
    Consumer<Operands, Out>(arguments, shared(pair), warpgroup % kGroups, kFirstVoteBarrier + warpgroup).run();
  }
}

}  // namespace reelspark::hopper
