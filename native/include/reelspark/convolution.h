// What the convolution kernels are launched with: stride 1, zero padding that keeps height and width, causal in time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

// Enlargement of x by nearest neighbours before it is convolved: binary logarithm of the factor in height and width.
enum class Upsampling : int32_t { kNone = 0, kTwo = 1 };

constexpr int kMostKernelSize = 7;

// Activations and weights are 16-byte aligned, of the kernel's element type.
struct ConvolutionArguments {
  const void* x;         // [frames, height, width, inputs]
  const void* history;   // [history_frames, height, width, inputs], the frames before x; null for none
  const void* weight;    // [outputs, kernel_frames, kernel_height, kernel_width, inputs]
  const float* bias;     // [outputs]
  const void* residual;  // added to the result, laid out like it; null for none; may be out
  void* out;             // [frames, height << upsampling, width << upsampling, outputs]
  int32_t frames;
  int32_t height;
  int32_t width;
  int32_t inputs;          // a multiple of 8
  int32_t outputs;
  int32_t history_frames;  // less than kernel_frames; what is missing counts as zeros
  int32_t kernel_frames;   // at most kMostKernelSize, like height and width
  int32_t kernel_height;   // odd, like the width
  int32_t kernel_width;
  Upsampling upsampling;

  REELSPARK_HOST_DEVICE constexpr int out_height() const { return height << static_cast<int>(upsampling); }
  REELSPARK_HOST_DEVICE constexpr int out_width() const { return width << static_cast<int>(upsampling); }
  REELSPARK_HOST_DEVICE constexpr int64_t out_pixels() const {
    return int64_t{frames} * out_height() * out_width();
  }
};

// A launcher in another language writes these bytes.
static_assert(sizeof(ConvolutionArguments) == 88 && offsetof(ConvolutionArguments, frames) == 48);

// Pixels of a block; it computes as many outputs as its kernel's name says.
constexpr int kConvolutionPixels = 128;

constexpr int64_t convolution_grid(const ConvolutionArguments& arguments, int block_outputs) {
  return block_count(arguments.out_pixels(), kConvolutionPixels) * block_count(arguments.outputs, block_outputs);
}

}  // namespace reelspark
