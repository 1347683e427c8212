// The attention kernel of a block of threads: one warpgroup feeds, two attend. See consumer.h for how they overlap.
#pragma once

#include "consumer.h"
#include "producer.h"

namespace reelspark::hopper {

constexpr int kThreads = REELSPARK_THREADS;
static_assert(kThreads == kConsumers + kWarpgroupSize);

// Of the 168 registers of each of 384 threads, the producers pass on what they do not need. Only one of their warps
// works, but registers are handed over by whole warpgroups.
constexpr int kProducerRegisters = 24;
constexpr int kConsumerRegisters = 240;

template <typename Operands, typename Out>
__device__ __forceinline__ void attention(const AttentionArguments& arguments) {
  extern __shared__ __align__(1024) uint8_t shared_bytes[];
  auto& shared = *reinterpret_cast<SharedMemory<Operands>*>(shared_bytes);
  static_assert(sizeof(SharedMemory<Operands>) <= REELSPARK_SHARED_BYTES);

  if (threadIdx.x == 0) {
    shared.init_barriers(kConsumers / kWarpSize);
  }
  __syncthreads();

  const int warpgroup = threadIdx.x / kWarpgroupSize;
  if (warpgroup == kGroups) {
    release_registers<kProducerRegisters>();
    if (threadIdx.x / kWarpSize == kConsumers / kWarpSize) {
      Producer<Operands>(arguments, shared).run();
    }
  } else {
    claim_registers<kConsumerRegisters>();
    Consumer<Operands, Out>(arguments, shared, warpgroup).run();
  }
}

}  // namespace reelspark::hopper
