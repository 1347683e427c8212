// Rearrangements of channels-last video [frames, height, width, channels], and its bytes.
#include "model/rows.h"

namespace reelspark::model {
namespace {

template <typename T>
__device__ void interleave_frames(const T* x, T* out, int64_t frames, int64_t pixels, int channels) {
  const RowGroups groups(2 * frames * pixels, channels);
  const auto copy = [&](auto access) {
    groups.each([&](int64_t row, bool exists) {
      const int64_t frame = row / pixels, pixel = row % pixels;
      const T* const source = x + ((frame / 2 * pixels + pixel) * 2 + frame % 2) * channels;
      for (int first = groups.lane() * kOctet; exists && first < channels; first += groups.lanes() * kOctet) {
        const int count = count_from(first, channels);
        const Octet<T> octet = load(source + first, count, access);
        float values[kOctet];
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          values[i] = octet[i];
        }
        store(out + row * channels + first, values, count, access);
      }
    });
  };
  with_access(channels, copy, x, out);
}

template <typename T>
__device__ void duplicate_upsample_add(
    const T* x, T* out, int64_t out_frames, int height, int width, int channels, int out_channels, int frame_factor,
    int dropped_frames) {
  const int repeats = 4 * frame_factor * out_channels / channels;
  const RowGroups groups(out_frames * 4 * height * width, out_channels);
  groups.each([&](int64_t pixel, bool exists) {
    const int column = static_cast<int>(pixel % (2 * width));
    const int row = static_cast<int>(pixel / (2 * width) % (2 * height));
    const int64_t frame = pixel / (2 * width) / (2 * height) + dropped_frames;
    const int place = (static_cast<int>(frame % frame_factor) * 2 + row % 2) * 2 + column % 2;
    const T* const source = x + ((frame / frame_factor * height + row / 2) * width + column / 2) * channels;
    T* const target = out + pixel * out_channels;
    for (int channel = groups.lane(); exists && channel < out_channels; channel += groups.lanes()) {
      const T addend = source[(channel * frame_factor * 4 + place) / repeats];
      put(target[channel], to_float(target[channel]) + to_float(addend));
    }
  });
}

template <typename T>
__device__ void unpatchify_pixels(
    const T* x, T* out, int64_t frames, int height, int width, int channels, int patch) {
  const int64_t pixels = frames * height * patch * width * patch;
  for (int64_t pixel = thread_of_grid(); pixel < pixels; pixel += threads_of_grid()) {
    const int column = static_cast<int>(pixel % (width * patch));
    const int64_t row = pixel / (width * patch);  // counted through all frames
    const T* const source = x + (row / patch * width + column / patch) * channels * patch * patch;
    for (int channel = 0; channel < channels; ++channel) {
      out[pixel * channels + channel] =
          source[(channel * patch + column % patch) * patch + static_cast<int>(row % patch)];
    }
  }
}

template <typename T>
__device__ void to_rgb(const T* x, uint8_t* out, int64_t count) {
  const auto convert = [&](int64_t first, int length, auto access) {
    const Octet<T> octet = load(x + first, length, access);
    uint8_t bytes[kOctet];
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      const float level = octet[i] / 2 + 0.5f;
      // NaN is black.
      bytes[i] = static_cast<uint8_t>((level > 0 ? fminf(level, 1) : 0.0f) * 255);
    }
    if constexpr (std::is_same_v<decltype(access), ByOctets>) {
      uint2 words;
      words.x = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24;
      words.y = bytes[4] | bytes[5] << 8 | bytes[6] << 16 | static_cast<uint32_t>(bytes[7]) << 24;
      *reinterpret_cast<uint2*>(out + first) = words;
    } else {
#pragma unroll
      for (int i = 0; i < kOctet; ++i) {
        if (i < length) {
          out[first + i] = bytes[i];
        }
      }
    }
  };
  each_octet(count, convert, x, out);
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right.
//
// interleave_frames_*: x [frames, pixels, 2 channels] to [2 frames, pixels, channels]; frame 2t takes the first half of
//   the channels of frame t, frame 2t + 1 the second
// duplicate_upsample_add_*: adds x [frames, height, width, channels], its channels repeated and spread over
//   frame_factor frames and 2 x 2 pixels, to out [out_frames, 2 height, 2 width, out_channels]; out lacks the first
//   dropped_frames of frames * frame_factor; 4 * frame_factor * out_channels is a multiple of channels
// unpatchify_pixels_*: x [frames, height, width, (channel, column, row) of a patch] to
//   [frames, height * patch, width * patch, channels]
// to_rgb_*: out = clamp(x / 2 + 0.5, 0, 1) * 255, truncated; count elements
#define PIXELS(name, T)                                                                                           \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                 \
      interleave_frames_##name(const T* x, T* out, int64_t frames, int64_t pixels, int channels) {                \
    reelspark::model::interleave_frames<T>(x, out, frames, pixels, channels);                                     \
  }                                                                                                               \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) duplicate_upsample_add_##name(                  \
      const T* x, T* out, int64_t out_frames, int height, int width, int channels, int out_channels,              \
      int frame_factor, int dropped_frames) {                                                                     \
    reelspark::model::duplicate_upsample_add<T>(                                                                  \
        x, out, out_frames, height, width, channels, out_channels, frame_factor, dropped_frames);                 \
  }                                                                                                               \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) unpatchify_pixels_##name(                       \
      const T* x, T* out, int64_t frames, int height, int width, int channels, int patch) {                       \
    reelspark::model::unpatchify_pixels<T>(x, out, frames, height, width, channels, patch);                       \
  }                                                                                                               \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)                                                 \
      to_rgb_##name(const T* x, uint8_t* out, int64_t count) {                                                    \
    reelspark::model::to_rgb<T>(x, out, count);                                                                   \
  }

PIXELS(f32, float)
PIXELS(f16, __half)
PIXELS(bf16, __nv_bfloat16)
