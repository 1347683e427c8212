// Weights of attention straight from integer scores, without exponentials.
//
// Read as an integer, the bits of a positive fp32 number are 2^23 (n + 127 + m) for 2^n (1 + m): linear in the exponent but
// for the mantissa, which is linear between powers of two where 2^x is not. So an integer multiple of an integer score, plus
// a constant, is the bits of a number 0.97 to 1.04 times 2^x. Rounding to e4m3 adds 6% either way at most, and as the
// weighted sum and the sum of weights take the same numbers, most of all that cancels.
//
// Such weights reach as far down as exponentials that are rounded to e4m3: they vanish below 2^-10, 16 powers of two below
// the reference.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "reelspark/block_layout.h"

namespace reelspark {

// Exponent of a weight at the reference. One that lies kLinearTolerance above weighs 431: e4m3 ends at 448.
constexpr float kLinearExponent = 6;
constexpr float kLinearTolerance = 2.75f;

// The linear mantissa lies above the true one; moved down by this, errors of weights are least.
constexpr float kLinearShift = -0.0425f;

// A power of two in the bits of fp32, and the bits of a weight at the reference.
constexpr float kBitsPerOctave = 1 << 23;
constexpr float kReferenceBits = (127 + kLinearExponent + kLinearShift) * kBitsPerOctave;

// log2 of how much greater the sum of the weights of a row is than that of 2^(x - reference), in the mean over many x: for
// linear mantissas 1.5 ln 2, which is the integral of 1 + f over that of 2^f for f in [0, 1), less the shift, and a
// little for rounding. A row of a few keys of like weight is off by up to 0.12, one of many by hardly more than 0.01.
constexpr float kLinearSumExponent = kLinearExponent + 0.0147f;

// The bits of a weight are linear_factor(scale) * score + linear_base(reference) modulo 2^32, that is 512 powers of two.
// As long as no score lies more than kLinearRoom below the reference, they are those of a positive number, and as long as
// none lies more than kClampedRoom below, a negative integer tells that the weight vanishes. Not the sign of the number:
// just below zero the bits are those of NaN.
constexpr float kLinearRoom = 127 + kLinearExponent - 1;
constexpr float kClampedRoom = kLinearRoom + 240;

REELSPARK_HOST_DEVICE inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Adding 1.5 * 2^23 rounds a float, and leaves the integer in the low bits.
constexpr float kRounder = 12582912;

// What a score of this scale is multiplied by: the scale is below a half, as the reach sees to unless all scores are zero.
// Rounded, the factor moves weights by up to 2^-24 powers of two for each unit of the score.
REELSPARK_HOST_DEVICE inline uint32_t linear_factor(float scale) {
  return bits_of(fmaf(scale, kBitsPerOctave, kRounder)) - bits_of(kRounder);
}

// The bits of the weight of a zero score. Rounded in units of 2^-13 powers of two, which a float holds up to 512 of them;
// the rest of the rounder is shifted out.
REELSPARK_HOST_DEVICE inline uint32_t linear_base(float reference) {
  constexpr int kShift = 10;
  constexpr float kUnit = 1 << kShift;
  return bits_of(fmaf(reference, -kBitsPerOctave / kUnit, kReferenceBits / kUnit + kRounder)) << kShift;
}

}  // namespace reelspark
