// Asynchronous copies, ldmatrix and mma.sync on the host, as the instruction set defines them, for host_gpu.h.
#pragma once

#include "host_gpu.h"

namespace reelspark::mma {

using host_gpu::machine;

inline const char* kept(const char* address) { return address; }

enum class Source { kZeros, kMemory };

inline uint8_t* dynamic_shared() { return machine.shared.data(); }

// Offset in the dynamic shared memory.
inline uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(static_cast<const uint8_t*>(pointer) - machine.shared.data());
}

inline void copy_async(uint32_t to, const void* from, Source source) {
  machine.fibers[machine.current]->open_copies.push_back({to, from, source == Source::kMemory ? 16 : 0});
}

inline void end_copy_group() {
  host_gpu::Fiber& fiber = *machine.fibers[machine.current];
  fiber.groups.push_back(std::move(fiber.open_copies));
  fiber.open_copies.clear();
}

template <int Left>
void wait_for_copies() {
  host_gpu::Fiber& fiber = *machine.fibers[machine.current];
  for (; fiber.groups.size() > Left; fiber.groups.pop_front()) {
    for (const host_gpu::Copy& copy : fiber.groups.front()) {
      uint8_t* const to = &machine.shared.at(copy.to);
      std::memset(to, 0, 16);
      std::memcpy(to, copy.from, copy.bytes);
    }
  }
}

// Of matrix i, whose row r is at the address of lane 8i + r, lane 4r + c gets bytes 4c .. 4c + 3 of row r.
inline void load_matrices(uint32_t (&to)[4], uint32_t address) {
  const unsigned lane = host_gpu::lane();
  const host_gpu::LaneSlot result = host_gpu::exchange({{address}}, [=](const host_gpu::LaneSlot* slots) {
    host_gpu::LaneSlot loaded = {};
    for (int matrix = 0; matrix < 4; ++matrix) {
      const uint32_t row = slots[8 * matrix + lane / 4].words[0];
      std::memcpy(&loaded.words[matrix], &machine.shared.at(row + lane % 4 * 4), 4);
    }
    return loaded;
  });
  std::memcpy(to, result.words, sizeof to);
}

// m16n8k16: see mma_fragments_test.cpp for where the elements are.
template <typename T>
void multiply(T, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, const float (&c)[4]) {
  const unsigned lane = host_gpu::lane();
  const auto element = [](uint32_t word, int i) {
    T value;
    std::memcpy(static_cast<void*>(&value), reinterpret_cast<const char*>(&word) + 2 * i, 2);
    return static_cast<float>(value);
  };
  const auto sums = host_gpu::exchange({{a[0], a[1], a[2], a[3], b0, b1}}, [=](const host_gpu::LaneSlot* slots) {
    struct {
      float of[4];
    } products = {};
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      for (int k = 0; k < 16; ++k) {
        const uint32_t left = slots[row % 8 * 4 + k % 8 / 2].words[row / 8 + k / 8 * 2];
        const uint32_t right = slots[column * 4 + k % 8 / 2].words[4 + k / 8];
        products.of[i] += element(left, k % 2) * element(right, k % 2);
      }
    }
    return products;
  });
  for (int i = 0; i < 4; ++i) {
    d[i] = c[i] + sums.of[i];
  }
}

}  // namespace reelspark::mma
