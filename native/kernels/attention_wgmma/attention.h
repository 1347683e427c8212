// The attention kernel of a block of threads: one warpgroup feeds, two attend. See consumer.h for how they overlap.
#pragma once

#include "consumer.h"
#include "producer.h"

namespace reelspark::hopper {

constexpr int kThreads = REELSPARK_THREADS;
static_assert(kThreads == kConsumers + kWarpgroupSize);

// Thread blocks on a multiprocessor, and what becomes of their registers: 168 or 80 for each of 384 threads, of which the
// producers pass on what they do not need. Only one of their warps works, but whole warpgroups hand over.
template <Overlap kOverlap>
constexpr int kThreadBlocks = kOverlap == Overlap::kThreadBlocks ? 2 : 1;
constexpr int kProducerRegisters = 24;
template <Overlap kOverlap>
constexpr int kConsumerRegisters = kOverlap == Overlap::kThreadBlocks ? 104 : 240;

template <typename Operands, typename Out>
__device__ __forceinline__ void attention(const AttentionArguments& arguments) {
  extern __shared__ __align__(1024) uint8_t shared_bytes[];
  // Through a shuffle: else the compiler asks at every use where shared memory begins, which takes its time.
  auto& shared = *reinterpret_cast<SharedMemory<Operands>*>(
      __cvta_shared_to_generic(__shfl_sync(0xffffffff, shared_address(shared_bytes), 0)));
  static_assert(sizeof(SharedMemory<Operands>) <= REELSPARK_SHARED_BYTES);

  if (threadIdx.x == 0) {
    shared.init_barriers(kConsumers);
  }
  shared.write_ones();
  __syncthreads();

  // Through a shuffle the compiler learns that all lanes have the same, and keeps addresses in uniform registers.
  const int warpgroup = __shfl_sync(0xffffffff, threadIdx.x / kWarpgroupSize, 0);
  if (warpgroup == kGroups) {
    release_registers<kProducerRegisters>();
    if (threadIdx.x / kWarpSize == kConsumers / kWarpSize) {
      Producer<Operands>(arguments, shared).run();
    }
  } else {
    claim_registers<kConsumerRegisters<Operands::kOverlap>>();
    Consumer<Operands, Out>(arguments, shared, warpgroup).run();
  }
}

}  // namespace reelspark::hopper
