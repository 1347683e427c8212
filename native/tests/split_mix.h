// Random numbers that the Java tests reproduce bit for bit (SplitMix64).
#pragma once

#include <cstdint>

namespace reelspark {

class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}

  // In [0, 1).
  float uniform() { return static_cast<float>(bits()) * 0x1p-24f; }

  // Close to normal, of deviation 1.15: the sum of four uniform numbers in [-1, 1).
  float normal() {
    const int32_t first = bits(), second = bits(), third = bits(), fourth = bits();
    return static_cast<float>(first + second + third + fourth - (1 << 25)) * 0x1p-23f;
  }

 private:
  // 24 random bits.
  int32_t bits() {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return static_cast<int32_t>((z ^ (z >> 31)) >> 40);
  }

  uint64_t state_;
};

}  // namespace reelspark
