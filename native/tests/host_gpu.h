// Runs CUDA kernels on the host, so that their indexing, exchanges between lanes and use of shared memory can be tested
// without a GPU: included before a kernel file, which g++ then compiles as it stands.
//
// The threads of a block are fibers that change at barriers only, in a shuffled order. Asynchronous copies happen when
// they are waited for, and shared memory starts as NaN, so that a missing wait shows.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#undef __global__
#undef __device__
#undef __shared__
#undef __launch_bounds__
#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(...)
#undef __grid_constant__
#define __grid_constant__

inline uint3 threadIdx, blockIdx;
inline dim3 gridDim, blockDim;

namespace reelspark::host_gpu {

constexpr int kWarpSize = 32;
constexpr size_t kStackBytes = 256 * 1024;

struct Barrier {
  int members = 0;
  int arrived = 0;
  int64_t generation = 0;
};

struct Copy {
  uint32_t to;
  const void* from;
  int bytes;  // the rest of 16 bytes becomes zero
};

// A lane's part in an operation of its warp.
struct LaneSlot {
  uint32_t words[8];
};

// Operations take turns with two sets of slots, so that one barrier keeps them apart.
struct Warp {
  Barrier barrier;
  LaneSlot slots[2][kWarpSize];
};

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  bool done = false;
  std::vector<Copy> open_copies;
  std::deque<std::vector<Copy>> groups;
};

struct Machine {
  ucontext_t scheduler;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  Barrier block;
  std::function<void()> body;
  unsigned current = 0;
  bool moved = false;
  std::vector<uint8_t> shared;
  std::mt19937 random{1};
};

inline Machine machine;

inline void wait_at(Barrier& barrier) {
  machine.moved = true;
  const int64_t generation = barrier.generation;
  if (++barrier.arrived == barrier.members) {
    barrier.arrived = 0;
    ++barrier.generation;
  }
  while (barrier.generation == generation) {
    swapcontext(&machine.fibers[machine.current]->context, &machine.scheduler);
  }
  machine.moved = true;
}

inline Warp& warp() { return machine.warps[machine.current / kWarpSize]; }
inline unsigned lane() { return machine.current % kWarpSize; }

// Gives every lane the slots of all.
template <typename Use>
auto exchange(const LaneSlot& own, const Use& use) {
  LaneSlot* const slots = warp().slots[warp().barrier.generation % 2];
  slots[lane()] = own;
  wait_at(warp().barrier);
  return use(slots);
}

inline void run_fiber() {
  machine.body();
  machine.fibers[machine.current]->done = true;
  machine.moved = true;
  swapcontext(&machine.fibers[machine.current]->context, &machine.scheduler);
}

inline void run_block(unsigned threads) {
  machine.warps.assign((threads + kWarpSize - 1) / kWarpSize, Warp());
  machine.block = Barrier{static_cast<int>(threads)};
  std::vector<unsigned> order;
  for (unsigned i = 0; i < threads; ++i) {
    if (machine.fibers.size() <= i) {
      machine.fibers.push_back(std::make_unique<Fiber>());
    }
    ++machine.warps[i / kWarpSize].barrier.members;
    Fiber& fiber = *machine.fibers[i];
    fiber.done = false;
    fiber.open_copies.clear();
    fiber.groups.clear();
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, run_fiber, 0);
    order.push_back(i);
  }
  std::shuffle(order.begin(), order.end(), machine.random);
  for (bool any = true; any;) {
    any = false;
    machine.moved = false;
    for (unsigned i : order) {
      if (!machine.fibers[i]->done) {
        any = true;
        machine.current = i;
        threadIdx = {i, 0, 0};
        swapcontext(&machine.scheduler, &machine.fibers[i]->context);
      }
    }
    if (any && !machine.moved) {
      std::fprintf(stderr, "block (%u, %u, %u) waits for ever\n", blockIdx.x, blockIdx.y, blockIdx.z);
      std::exit(1);
    }
  }
}

// Calls the kernel in every thread of a grid of blocks.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, unsigned threads, unsigned shared_bytes, Arguments... arguments) {
  gridDim = grid;
  blockDim = dim3(threads);
  machine.body = [=] { kernel(arguments...); };
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        machine.shared.assign(shared_bytes, 0xff);
        run_block(threads);
      }
    }
  }
}

}  // namespace reelspark::host_gpu

inline void __syncthreads() { reelspark::host_gpu::wait_at(reelspark::host_gpu::machine.block); }

inline float __shfl_xor_sync(uint32_t, float value, int distance) {
  using namespace reelspark::host_gpu;
  LaneSlot own = {};
  std::memcpy(own.words, &value, sizeof value);
  const unsigned source = lane() ^ distance;
  return exchange(own, [=](const LaneSlot* slots) {
    float result;
    std::memcpy(&result, slots[source].words, sizeof result);
    return result;
  });
}
