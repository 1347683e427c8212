// What a block of the convolution multiplies: the convolution is a product of [pixels, taps x inputs] and
// [outputs, taps x inputs]. Neither matrix exists; 16-byte units of eight channels are copied from where they lie, or
// are zeros beyond the picture, before the first frame and past the last pixel, output and channel.
//
// Addresses must cost little, since every unit needs one: what depends on the pixel is worked out once, what depends on the
// depth once a step, and a step only adds the two.
#pragma once

#include "instructions.h"
#include "reelspark/attention_layout.h"
#include "reelspark/convolution.h"

namespace reelspark::convolution {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kPixels = kConvolutionPixels;
constexpr int kUnit = 8;                             // channels
constexpr int kUnitBytes = 16;
constexpr int kRowBytes = 128;                       // of one pixel or output in shared memory
constexpr int kUnitsOfRow = kRowBytes / kUnitBytes;  // a step's depth
constexpr int kRowsAtOnce = kThreads / kUnitsOfRow;  // of all threads, each with one unit

// Bits that say where a pixel has sources: one for each column, row and frame of the kernel, and one for each of its frames
// that lies in the history. Between them stand whether the pixel's own column and row are odd, and a bit that is never set.
constexpr int kColumnBit = 0, kRowBit = 8, kFrameBit = 16, kHistoryBit = 24;
constexpr uint32_t kNever = 1u << 7, kOddColumn = 1u << 15, kOddRow = 1u << 23;
static_assert(kMostKernelSize == 7, "bits of a size");

// Where a copied unit goes in a stage; later rows of the same thread follow at equal distances.
__device__ inline uint32_t place_of_thread() {
  return swizzled_offset<kRowBytes>(threadIdx.x / kUnitsOfRow, threadIdx.x % kUnitsOfRow * kUnitBytes);
}
constexpr int kRowsAtOnceBytes = kRowsAtOnce * kRowBytes;

// The unit of the depth that a thread copies in the present step.
class Depth {
 public:
  __device__ explicit Depth(const ConvolutionArguments& c)
      : c_(c), tap_units_(c.inputs / kUnit), unit_(threadIdx.x % kUnitsOfRow) {
    carry();
    settle();
  }

  // To the next step.
  __device__ void advance() {
    unit_ += kUnitsOfRow;
    offset_ += kRowBytes;
    if (unit_ >= tap_units_) {
      carry();
      settle();
    }
  }

  __device__ bool exists() const { return selector_ != kNever; }
  // The bits that a pixel with a source has.
  __device__ uint32_t selector() const { return selector_; }
  __device__ uint32_t history_selector() const {
    return (selector_ & ((1u << kMostKernelSize) - 1) << kFrameBit) << (kHistoryBit - kFrameBit);
  }
  // Bytes in x from a pixel's first channel to the unit, where nothing is enlarged.
  __device__ int64_t offset() const { return offset_; }
  // The same where the pixel's own place in x is half its place in the picture, rounded down.
  __device__ int64_t offset_in_half(bool odd_row, bool odd_column) const {
    return offset_ + (((row() + odd_row) >> 1) - row()) * line_bytes() +
           (((column() + odd_column) >> 1) - column()) * pixel_bytes();
  }

 private:
  __device__ int row() const { return row_ - c_.kernel_height / 2; }
  __device__ int column() const { return column_ - c_.kernel_width / 2; }
  __device__ int64_t line_bytes() const { return int64_t{c_.width} * pixel_bytes(); }
  __device__ int pixel_bytes() const { return tap_units_ * kUnitBytes; }

  __device__ void carry() {
    while (unit_ >= tap_units_) {
      unit_ -= tap_units_;
      if (++column_ == c_.kernel_width) {
        column_ = 0;
        if (++row_ == c_.kernel_height) {
          row_ = 0;
          ++frame_;
        }
      }
    }
  }

  __device__ void settle() {
    const int64_t frames = frame_ - (c_.kernel_frames - 1);
    offset_ = (frames * c_.height + row()) * line_bytes() + column() * pixel_bytes() + unit_ * kUnitBytes;
    selector_ = frame_ >= c_.kernel_frames
                    ? kNever
                    : 1u << (kColumnBit + column_) | 1u << (kRowBit + row_) | 1u << (kFrameBit + frame_);
  }

  const ConvolutionArguments& c_;
  int tap_units_;
  int unit_;  // of the tap
  int column_ = 0, row_ = 0, frame_ = 0;
  int64_t offset_;
  uint32_t selector_;
};

// The pixels of a block, of which each thread copies one unit of every kRowsAtOnce-th.
template <typename T>
class PixelRows {
 public:
  static constexpr int kRows = kPixels / kRowsAtOnce;

  __device__ PixelRows(const ConvolutionArguments& c, int64_t first_pixel) : c_(c) {
    const int64_t plane_bytes = int64_t{c.height} * c.width * c.inputs * sizeof(T);
    history_offset_ = static_cast<const char*>(c.history) - static_cast<const char*>(c.x) +
                      c.history_frames * plane_bytes;
    const int shift = static_cast<int>(c.upsampling);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int64_t pixel = first_pixel + threadIdx.x / kUnitsOfRow + i * kRowsAtOnce;
      const int64_t line = pixel / c.out_width();
      const int column = static_cast<int>(pixel % c.out_width());
      const int row = static_cast<int>(line % c.out_height());
      const int frame = static_cast<int>(line / c.out_height());
      sources_[i] = frame < c.frames ? sources(frame, row, column) : 0;
      const int64_t place = (int64_t{frame} * c.height + (row >> shift)) * c.width + (column >> shift);
      own_[i] = mma::kept(static_cast<const char*>(c.x) + place * c.inputs * static_cast<int>(sizeof(T)));
    }
  }

  // `stage` is where this thread's first unit goes.
  __device__ void copy(const Depth& depth, uint32_t stage) const {
    if (c_.upsampling == Upsampling::kNone) {
      copy(depth, stage, [&](int) { return depth.offset(); });
    } else {
      copy(depth, stage, [&](int i) {
        return depth.offset_in_half((sources_[i] & kOddRow) != 0, (sources_[i] & kOddColumn) != 0);
      });
    }
  }

 private:
  __device__ uint32_t sources(int frame, int row, int column) const {
    uint32_t bits = (column % 2 != 0 ? kOddColumn : 0) | (row % 2 != 0 ? kOddRow : 0);
#pragma unroll 1
    for (int i = 0; i < c_.kernel_width; ++i) {
      bits |= inside(column + i - c_.kernel_width / 2, c_.out_width()) << (kColumnBit + i);
    }
#pragma unroll 1
    for (int i = 0; i < c_.kernel_height; ++i) {
      bits |= inside(row + i - c_.kernel_height / 2, c_.out_height()) << (kRowBit + i);
    }
#pragma unroll 1
    for (int i = 0; i < c_.kernel_frames; ++i) {
      // A negative frame is one of the history's last.
      const int source = frame + i - (c_.kernel_frames - 1);
      bits |= uint32_t{source >= -c_.history_frames} << (kFrameBit + i) | uint32_t{source < 0} << (kHistoryBit + i);
    }
    return bits;
  }

  __device__ static uint32_t inside(int place, int size) {
    return static_cast<unsigned>(place) < static_cast<unsigned>(size);
  }

  template <typename Offset>
  __device__ void copy(const Depth& depth, uint32_t stage, const Offset& offset) const {
    const uint32_t selector = depth.selector(), history_selector = depth.history_selector();
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const char* from = own_[i] + offset(i);
      if ((sources_[i] & history_selector) != 0) {
        from += history_offset_;
      }
      // The address of zeros may lie anywhere: it is not read.
      mma::copy_async(
          stage + i * kRowsAtOnceBytes, from,
          (sources_[i] & selector) == selector ? mma::Source::kMemory : mma::Source::kZeros);
    }
  }

  const ConvolutionArguments& c_;
  int64_t history_offset_;  // bytes from where a frame would lie before x to where it lies
  const char* own_[kRows];  // each pixel's place in x
  uint32_t sources_[kRows];
};

// The weights of a block's outputs, likewise. An output's weights are one row, in the order of the depth.
template <int kOutputs>
class OutputRows {
 public:
  static_assert(kOutputs % kRowsAtOnce == 0);

  __device__ OutputRows(const ConvolutionArguments& c, int first_output) {
    const int64_t row_bytes =
        int64_t{c.kernel_frames} * c.kernel_height * c.kernel_width * (c.inputs / kUnit) * kUnitBytes;
    const int output = first_output + static_cast<int>(threadIdx.x) / kUnitsOfRow;
    existing_ = (c.outputs - output + kRowsAtOnce - 1) / kRowsAtOnce;
    rows_at_once_bytes_ = kRowsAtOnce * row_bytes;
    next_ = static_cast<const char*>(c.weight) + output * row_bytes + threadIdx.x % kUnitsOfRow * kUnitBytes;
  }

  // And goes on to the next step.
  __device__ void copy(const Depth& depth, uint32_t stage) {
#pragma unroll
    for (int i = 0; i < kOutputs / kRowsAtOnce; ++i) {
      mma::copy_async(
          stage + i * kRowsAtOnceBytes, next_ + i * rows_at_once_bytes_,
          depth.exists() && i < existing_ ? mma::Source::kMemory : mma::Source::kZeros);
    }
    next_ += kRowBytes;
  }

 private:
  const char* next_;
  int64_t rows_at_once_bytes_;
  int existing_;  // of this thread's rows; none where that is negative or zero
};

}  // namespace reelspark::convolution
