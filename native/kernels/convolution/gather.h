// What a block of the convolution multiplies: the convolution is a product of [pixels, taps x inputs] and
// [outputs, taps x inputs]. Neither matrix exists; 16-byte units of eight channels are copied from where they lie, or
// are zeros beyond the picture, before the first frame and past the last pixel, output and channel.
#pragma once

#include "instructions.h"
#include "reelspark/attention_layout.h"
#include "reelspark/convolution.h"

namespace reelspark::convolution {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kPixels = kConvolutionPixels;
constexpr int kUnit = 8;                           // channels
constexpr int kRowBytes = 128;                     // of one pixel or output in shared memory
constexpr int kUnitsOfRow = kRowBytes / 16;        // a step's depth
constexpr int kRowsAtOnce = kThreads / kUnitsOfRow;  // of all threads, each with one unit

// The unit of the depth that a thread copies in the present step.
class Depth {
 public:
  __device__ Depth(const ConvolutionArguments& c, int unit)
      : tap_units_(c.inputs / kUnit), kernel_width_(c.kernel_width), kernel_height_(c.kernel_height),
        kernel_frames_(c.kernel_frames), unit_(unit) {
    carry();
  }

  // To the next step.
  __device__ void advance() {
    unit_ += kUnitsOfRow;
    carry();
  }

  __device__ bool exists() const { return frame_ < kernel_frames_; }
  __device__ int channel() const { return unit_ * kUnit; }
  __device__ int column() const { return column_; }
  __device__ int row() const { return row_; }
  __device__ int frame() const { return frame_; }
  // Distance from an output's first weight.
  __device__ int64_t weight_offset() const {
    const int tap = (frame_ * kernel_height_ + row_) * kernel_width_ + column_;
    return (static_cast<int64_t>(tap) * tap_units_ + unit_) * kUnit;
  }

 private:
  __device__ void carry() {
    while (unit_ >= tap_units_) {
      unit_ -= tap_units_;
      if (++column_ == kernel_width_) {
        column_ = 0;
        if (++row_ == kernel_height_) {
          row_ = 0;
          ++frame_;
        }
      }
    }
  }

  int tap_units_, kernel_width_, kernel_height_, kernel_frames_;
  int unit_;  // of the tap
  int column_ = 0, row_ = 0, frame_ = 0;
};

// The pixels of a block, of which each thread copies one unit of every kRowsAtOnce-th.
template <typename T>
class PixelRows {
 public:
  static constexpr int kRows = kPixels / kRowsAtOnce;

  __device__ PixelRows(const ConvolutionArguments& c, int64_t first_pixel) : c_(c) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int64_t pixel = first_pixel + threadIdx.x / kUnitsOfRow + i * kRowsAtOnce;
      const int64_t row = pixel / c.out_width();
      column_[i] = static_cast<int>(pixel % c.out_width());
      row_[i] = static_cast<int>(row % c.out_height());
      frame_[i] = static_cast<int>(row / c.out_height());
    }
  }

  __device__ void copy(const Depth& depth, uint32_t to) const {
    const int unit = threadIdx.x % kUnitsOfRow;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int row = threadIdx.x / kUnitsOfRow + i * kRowsAtOnce;
      const T* const from = depth.exists() ? source(depth, i) : nullptr;
      mma::copy_async(
          to + swizzled_offset<kRowBytes>(row, unit * 16), from == nullptr ? c_.x : from,
          from == nullptr ? mma::Source::kZeros : mma::Source::kMemory);
    }
  }

 private:
  // Null for zeros.
  __device__ const T* source(const Depth& depth, int i) const {
    const int column = column_[i] + depth.column() - c_.kernel_width / 2;
    const int row = row_[i] + depth.row() - c_.kernel_height / 2;
    // A negative frame is one of the history's last.
    const int frame = frame_[i] + depth.frame() - (c_.kernel_frames - 1);
    const bool in_picture = static_cast<unsigned>(column) < static_cast<unsigned>(c_.out_width()) &&
                            static_cast<unsigned>(row) < static_cast<unsigned>(c_.out_height());
    if (!in_picture || frame < -c_.history_frames || frame >= c_.frames) {
      return nullptr;
    }
    const int shift = static_cast<int>(c_.upsampling);
    const T* const video = static_cast<const T*>(frame < 0 ? c_.history : c_.x);
    const int64_t frame_of_video = frame < 0 ? frame + c_.history_frames : frame;
    const int64_t line = frame_of_video * c_.height + (row >> shift);
    return video + (line * c_.width + (column >> shift)) * c_.inputs + depth.channel();
  }

  const ConvolutionArguments& c_;
  int column_[kRows], row_[kRows], frame_[kRows];
};

// The weights of a block's outputs, likewise.
template <typename T, int kOutputs>
class OutputRows {
 public:
  static_assert(kOutputs % kRowsAtOnce == 0);

  __device__ OutputRows(const ConvolutionArguments& c, int first_output)
      : c_(c), first_(first_output + static_cast<int>(threadIdx.x) / kUnitsOfRow),
        stride_(static_cast<int64_t>(c.kernel_frames) * c.kernel_height * c.kernel_width * c.inputs) {}

  __device__ void copy(const Depth& depth, uint32_t to) const {
    const int unit = threadIdx.x % kUnitsOfRow;
#pragma unroll
    for (int i = 0; i < kOutputs / kRowsAtOnce; ++i) {
      const int row = threadIdx.x / kUnitsOfRow + i * kRowsAtOnce;
      const int output = first_ + i * kRowsAtOnce;
      const bool exists = depth.exists() && output < c_.outputs;
      const T* const weight = static_cast<const T*>(c_.weight);
      mma::copy_async(
          to + swizzled_offset<kRowBytes>(row, unit * 16),
          exists ? weight + output * stride_ + depth.weight_offset() : weight,
          exists ? mma::Source::kMemory : mma::Source::kZeros);
    }
  }

 private:
  const ConvolutionArguments& c_;
  int first_;
  int64_t stride_;
};

}  // namespace reelspark::convolution
