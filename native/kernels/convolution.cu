// Causal convolution of channels-last video on tensor cores, as a matrix product that gathers its operand.
//
// Four warps compute 128 pixels by kOutputs outputs in fp32, each half of the pixels and half of the outputs: the larger a
// warp's part, the less often operands are read from shared memory. Three stages of it hold 64 channels of each pixel and
// output: two are on their way while one is multiplied.
#include "convolution/gather.h"
#include "model/elements.h"
#include "reelspark/mma_fragments.h"

namespace reelspark::convolution {
namespace {

constexpr int kWarpSize = 32;
constexpr int kStages = 3;
constexpr int kWarpPixels = 64;
constexpr int kStepsOfRow = kRowBytes / kStepBytes;
static_assert(kThreads == kPixels / kWarpPixels * 2 * kWarpSize);

template <int kOutputs>
struct Shared {
  static constexpr int kPixelBytes = kPixels * kRowBytes;
  static constexpr int kStageBytes = kPixelBytes + kOutputs * kRowBytes;
  // Sums on their way out, in rows that begin in different banks.
  static constexpr int kSumStride = kOutputs + 8;

  static_assert(kStages * kStageBytes <= REELSPARK_SHARED_BYTES);
  static_assert(kPixels * kSumStride * 4 <= REELSPARK_SHARED_BYTES);
};

// One place in every stage after the other, around and around.
template <int kOutputs>
class Ring {
 public:
  __device__ explicit Ring(uint32_t first) : stage_(first), left_(kStages - 1) {}

  __device__ uint32_t stage() const { return stage_; }
  __device__ void advance() {
    stage_ += left_ == 0 ? -(kStages - 1) * Shared<kOutputs>::kStageBytes : Shared<kOutputs>::kStageBytes;
    left_ = left_ == 0 ? kStages - 1 : left_ - 1;
  }

 private:
  uint32_t stage_;
  int left_;  // stages before the first comes again
};

// What one warp sums: tiles of 16 pixels by 8 outputs.
template <typename T, int kOutputs>
class WarpSums {
 public:
  static constexpr int kTileRows = kWarpPixels / kMmaRows;
  static constexpr int kTileColumns = kOutputs / 2 / kMmaColumns;
  static_assert(kTileColumns % 2 == 0, "ldmatrix brings two tiles of outputs");

  __device__ WarpSums()
      : lane_(threadIdx.x % kWarpSize), first_pixel_(threadIdx.x / kWarpSize / 2 * kWarpPixels),
        first_output_(threadIdx.x / kWarpSize % 2 * (kOutputs / 2)) {}

  __device__ void add_stage(uint32_t stage) {
    const uint32_t pixels = stage + first_pixel_ * kRowBytes + a_operand_offset<kRowBytes>(lane_);
    const uint32_t outputs =
        stage + Shared<kOutputs>::kPixelBytes + first_output_ * kRowBytes + b_operand_offset<kRowBytes>(lane_);
#pragma unroll
    for (int step = 0; step < kStepsOfRow; ++step) {
      uint32_t a[kTileRows][4];
#pragma unroll
      for (int r = 0; r < kTileRows; ++r) {
        mma::load_matrices(a[r], step_offset<kRowBytes>(pixels + r * kMmaRows * kRowBytes, step));
      }
#pragma unroll
      for (int c = 0; c < kTileColumns; c += 2) {
        uint32_t b[4];
        mma::load_matrices(b, step_offset<kRowBytes>(outputs + c * kMmaColumns * kRowBytes, step));
#pragma unroll
        for (int r = 0; r < kTileRows; ++r) {
          mma::multiply(T(), sums_[r][c], a[r], b[0], b[1], sums_[r][c]);
          mma::multiply(T(), sums_[r][c + 1], a[r], b[2], b[3], sums_[r][c + 1]);
        }
      }
    }
  }

  // Lane 4g + l holds outputs 2l and 2l + 1 of pixels g and g + 8 of every tile.
  __device__ void store(float* sums) const {
#pragma unroll
    for (int r = 0; r < kTileRows; ++r) {
#pragma unroll
      for (int c = 0; c < kTileColumns; ++c) {
        float* const place = sums + (first_pixel_ + r * kMmaRows + lane_ / 4) * Shared<kOutputs>::kSumStride +
                             first_output_ + c * kMmaColumns + lane_ % 4 * 2;
        *reinterpret_cast<float2*>(place) = make_float2(sums_[r][c][0], sums_[r][c][1]);
        *reinterpret_cast<float2*>(place + 8 * Shared<kOutputs>::kSumStride) =
            make_float2(sums_[r][c][2], sums_[r][c][3]);
      }
    }
  }

 private:
  int lane_;
  int first_pixel_;
  int first_output_;
  float sums_[kTileRows][kTileColumns][4] = {};
};

// out = sums + bias + residual, whole octets of outputs where they are.
template <typename Out, int kOutputs>
__device__ void write(const ConvolutionArguments& c, const float* sums, int64_t first_pixel, int first_output) {
  constexpr int kOctets = kOutputs / model::kOctet;
  const auto residual = static_cast<const Out*>(c.residual);
  const auto out = static_cast<Out*>(c.out);
  const auto write_octets = [&](auto access) {
    for (int i = threadIdx.x; i < kPixels * kOctets; i += kThreads) {
      const int column = i % kOctets * model::kOctet;
      const int64_t pixel = first_pixel + i / kOctets;
      const int output = first_output + column;
      if (pixel >= c.out_pixels() || output >= c.outputs) {
        continue;
      }
      const int count = model::count_from(output, c.outputs);
      const model::Octet<float> sum =
          model::load(sums + i / kOctets * Shared<kOutputs>::kSumStride + column, model::kOctet, model::ByOctets());
      const model::Octet<float> bias = model::load(c.bias + output, count, access);
      const int64_t place = pixel * c.outputs + output;
      float values[model::kOctet];
#pragma unroll
      for (int e = 0; e < model::kOctet; ++e) {
        values[e] = sum[e] + bias[e];
      }
      if (residual != nullptr) {
        const model::Octet<Out> addend = model::load(residual + place, count, access);
#pragma unroll
        for (int e = 0; e < model::kOctet; ++e) {
          values[e] += addend[e];
        }
      }
      model::store(out + place, values, count, access);
    }
  };
  model::with_access(c.outputs, write_octets, c.bias, residual, out);
}

template <typename T, typename Out, int kOutputs>
__device__ void convolve(const ConvolutionArguments& c) {
  const int output_blocks = (c.outputs + kOutputs - 1) / kOutputs;
  // Neighbouring blocks read the same pixels.
  const int64_t first_pixel = static_cast<int64_t>(blockIdx.x / output_blocks) * kPixels;
  const int first_output = static_cast<int>(blockIdx.x % output_blocks) * kOutputs;
  const int units = c.kernel_frames * c.kernel_height * c.kernel_width * (c.inputs / kUnit);
  const int steps = (units + kUnitsOfRow - 1) / kUnitsOfRow;

  uint8_t* const shared = mma::dynamic_shared();
  const uint32_t stages = mma::shared_address(shared);
  const PixelRows<T> pixels(c, first_pixel);
  OutputRows<kOutputs> outputs(c, first_output);
  Depth depth(c);
  // Past the last step there is nothing to copy, but groups are counted on.
  Ring<kOutputs> to(stages + place_of_thread()), from(stages);
  const auto copy = [&](int step) {
    if (step < steps) {
      pixels.copy(depth, to.stage());
      outputs.copy(depth, to.stage() + Shared<kOutputs>::kPixelBytes);
      depth.advance();
      to.advance();
    }
    mma::end_copy_group();
  };

  for (int step = 0; step < kStages - 1; ++step) {
    copy(step);
  }
  WarpSums<T, kOutputs> sums;
  for (int step = 0; step < steps; ++step) {
    mma::wait_for_copies<kStages - 2>();
    // The stage has come for all threads, and all have used the one that is copied to next.
    __syncthreads();
    copy(step + kStages - 1);
    sums.add_stage(from.stage());
    from.advance();
  }
  mma::wait_for_copies<0>();
  __syncthreads();
  sums.store(reinterpret_cast<float*>(shared));
  __syncthreads();
  write<Out, kOutputs>(c, reinterpret_cast<const float*>(shared), first_pixel, first_output);
}

}  // namespace
}  // namespace reelspark::convolution

// One entry point for each element type of x and weights, of out and residual, and number of outputs of a block.
// Grid: convolution_grid(). The same input gives the same bits.
#define CONVOLVE(name, T, Out, outputs)                                                   \
  extern "C" __global__ void __launch_bounds__(reelspark::convolution::kThreads, 2)       \
      name(const __grid_constant__ reelspark::ConvolutionArguments arguments) {           \
    reelspark::convolution::convolve<T, Out, outputs>(arguments);                         \
  }

CONVOLVE(convolve_bf16_to_bf16_n32, __nv_bfloat16, __nv_bfloat16, 32)
CONVOLVE(convolve_bf16_to_bf16_n96, __nv_bfloat16, __nv_bfloat16, 96)
CONVOLVE(convolve_bf16_to_bf16_n128, __nv_bfloat16, __nv_bfloat16, 128)
CONVOLVE(convolve_bf16_to_f32_n32, __nv_bfloat16, float, 32)
CONVOLVE(convolve_f16_to_f16_n32, __half, __half, 32)
CONVOLVE(convolve_f16_to_f16_n96, __half, __half, 96)
CONVOLVE(convolve_f16_to_f16_n128, __half, __half, 128)
CONVOLVE(convolve_f16_to_f32_n32, __half, float, 32)
