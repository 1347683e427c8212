// What the shim uses of cuBLASLt, the same in versions 12 and 13. Declared here because the library is opened at run time:
// building needs neither it nor its headers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reelspark::cublaslt {

enum class Status : int { kSuccess = 0, kInvalidValue = 7, kNotSupported = 15 };

struct Context;
struct MatmulDescription;
struct MatrixLayout;
struct MatmulPreference;
struct Stream;  // CUstream

struct Algorithm {
  uint64_t data[8];
};

struct Heuristic {
  Algorithm algorithm;
  size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Heuristic) == 96);

enum class ComputeType : int { kF32 = 68 };

enum class DataType : int { kF32 = 0, kF16 = 2, kBf16 = 14, kE4m3 = 28 };

enum class Operation : int32_t { kNone = 0, kTranspose = 1 };

enum class Epilogue : uint32_t { kNone = 1, kBias = 4, kGelu = 32, kGeluBias = 36 };

enum class ScaleMode : int32_t { kScalar = 0, kOuterVector = 3 };

enum class DescriptionAttribute : int {
  kTransposeA = 3,
  kTransposeB = 4,
  kEpilogue = 7,
  kBiasPointer = 8,
  kScaleA = 17,
  kScaleB = 18,
  kFastAccumulation = 25,
  kScaleModeA = 31,
  kScaleModeB = 32,
};

// How the parts of a sum that several blocks work out come together: bits of a set. Sums of one block need none.
enum class ReductionSchemes : uint32_t { kComputeType = 2 };

enum class PreferenceAttribute : int {
  kMostWorkspaceBytes = 1,
  kReductionSchemes = 3,
  kLeastAlignmentA = 5,
  kLeastAlignmentB = 6,
  kLeastAlignmentC = 7,
  kLeastAlignmentD = 8,
};

}  // namespace reelspark::cublaslt
