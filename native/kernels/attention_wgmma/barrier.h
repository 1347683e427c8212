// What warps of a block wait on: mbarriers in shared memory, which count arrivals and the bytes of bulk copies, and the
// 16 numbered barriers of a block. Also the bulk copy itself, and the hand-over of registers between warpgroups.
#pragma once

#include <cstdint>

namespace reelspark::hopper {

constexpr int kWarpSize = 32;
constexpr int kWarpgroupSize = 128;

__device__ __forceinline__ uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

__device__ __forceinline__ void barrier_init(uint32_t barrier, uint32_t arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// Makes initialised mbarriers known to the copy engine; a block barrier must follow.
__device__ __forceinline__ void barrier_init_fence() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

// Makes what this thread wrote to shared memory known to copies and matrix instructions; a barrier must follow.
__device__ __forceinline__ void async_proxy_fence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

__device__ __forceinline__ void barrier_arrive(uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Arrives, and holds the phase open for this many bytes of bulk copies.
__device__ __forceinline__ void barrier_arrive_expect(uint32_t barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

// Returns once the phase of this parity is complete.
__device__ __forceinline__ void barrier_wait(uint32_t barrier, uint32_t parity) {
  uint32_t done;
#ifdef REELSPARK_DEBUG_WAITS
  int64_t tries = 0;
#endif
  do {
    // try_wait suspends the thread for a while by itself.
    asm volatile(
        "{\n .reg .pred done;\n"
        " mbarrier.try_wait.parity.shared::cta.b64 done, [%1], %2;\n"
        " selp.b32 %0, 1, 0, done;\n}\n"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
#ifdef REELSPARK_DEBUG_WAITS
    // A wait that never ends becomes an error that a test can report.
    if (++tries == 2'000'000) {
      __trap();
    }
#endif
  } while (done == 0);
}

// Copies contiguous bytes into shared memory and counts them on the barrier. Addresses and size are multiples of 16.
__device__ __forceinline__ void bulk_copy(uint32_t target, const void* source, uint32_t bytes, uint32_t barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(target),
      "l"(__cvta_generic_to_global(source)), "r"(bytes), "r"(barrier)
      : "memory");
}

// One of the numbered barriers of the thread block, for whole warps: waits for all `threads`, and returns how many of them
// gave true.
__device__ __forceinline__ int numbered_count(int barrier, int threads, bool value) {
  uint32_t count;
  asm volatile(
      "{\n .reg .pred value;\n"
      " setp.ne.b32 value, %3, 0;\n"
      " barrier.cta.red.popc.aligned.u32 %0, %1, %2, value;\n}\n"
      : "=r"(count)
      : "r"(barrier), "r"(threads), "r"(static_cast<uint32_t>(value))
      : "memory");
  return static_cast<int>(count);
}

// Registers that a thread of this warpgroup may use from here on. All its warps call it.
template <int kRegisters>
__device__ __forceinline__ void release_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

template <int kRegisters>
__device__ __forceinline__ void claim_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// Position in a ring of stages; the parity tells one round from the next.
template <int kStages>
struct RingPosition {
  int stage = 0;
  uint32_t parity = 0;

  __device__ __forceinline__ void advance() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
};

}  // namespace reelspark::hopper
