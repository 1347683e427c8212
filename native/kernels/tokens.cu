// Between latents and tokens: patches in token order, rows gathered.
#include "model/rows.h"
#include "reelspark/patches.h"

namespace reelspark::model {
namespace {

// Units are what rows are copied in.
template <typename Unit>
__device__ void gather_units(const Unit* from, const int32_t* indices, Unit* to, int64_t rows, int64_t row_units) {
  // As many lanes as a row of that many octets gets.
  const RowGroups groups(rows, row_units < kWarpSize ? static_cast<int>(row_units) * kOctet : kWarpSize * kOctet);
  groups.each([&](int64_t row, bool exists) {
    if (!exists) {
      return;
    }
    const Unit* const source = from + indices[row] * row_units;
    Unit* const target = to + row * row_units;
    for (int64_t unit = groups.lane(); unit < row_units; unit += groups.lanes()) {
      target[unit] = source[unit];
    }
  });
}

__device__ void gather(const void* from, const int32_t* indices, void* to, int64_t rows, int64_t row_bytes) {
  if ((reinterpret_cast<uint64_t>(from) | reinterpret_cast<uint64_t>(to) | row_bytes) % sizeof(uint4) == 0) {
    gather_units(
        static_cast<const uint4*>(from), indices, static_cast<uint4*>(to), rows,
        row_bytes / static_cast<int64_t>(sizeof(uint4)));
  } else {
    gather_units(
        static_cast<const uint16_t*>(from), indices, static_cast<uint16_t*>(to), rows,
        row_bytes / static_cast<int64_t>(sizeof(uint16_t)));
  }
}

template <typename In, typename Out>
__device__ void patchify(const In* latents, const int32_t* order, const PatchGrid& grid, Out* tokens) {
  const int64_t pixels = int64_t{grid.frames} * grid.height * grid.width;
  const int columns = grid.columns(), offsets = grid.offsets();
  const int64_t count = grid.patches() * columns;
  for (int64_t i = thread_of_grid(); i < count; i += threads_of_grid()) {
    const int column = static_cast<int>(i % columns);
    const int64_t place = grid.place(order[i / columns], column % offsets);
    put(tokens[i], to_float(latents[column / offsets * pixels + place]));
  }
}

template <typename In, typename Out>
__device__ void unpatchify(const In* tokens, const int32_t* order, const PatchGrid& grid, Out* latents) {
  const int64_t pixels = int64_t{grid.frames} * grid.height * grid.width;
  const int columns = grid.columns();
  const int64_t count = grid.patches() * columns;
  for (int64_t i = thread_of_grid(); i < count; i += threads_of_grid()) {
    const int column = static_cast<int>(i % columns);
    const int64_t place = grid.place(order[i / columns], column / grid.channels);
    put(latents[column % grid.channels * pixels + place], to_float(tokens[i]));
  }
}

template <typename Out>
__device__ void latents_to_video(
    const float* latents, const float* deviation, const float* mean, Out* video, int64_t pixels, int channels) {
  const int64_t count = pixels * channels;
  for (int64_t i = thread_of_grid(); i < count; i += threads_of_grid()) {
    const int channel = static_cast<int>(i % channels);
    put(video[i], latents[channel * pixels + i / channels] * deviation[channel] + mean[channel]);
  }
}

}  // namespace
}  // namespace reelspark::model

// Any grid is right.
//
// gather_rows: to[i] = from[indices[i]]. Rows of whole 16-bit elements.
extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)
    gather_rows(const void* from, const int32_t* indices, void* to, int64_t rows, int64_t row_bytes) {
  reelspark::model::gather(from, indices, to, rows, row_bytes);
}

// order[i] is the number of the patch of token i.
//
// patchify_*_to_*: tokens [patches, columns], columns in the order (channel, frame, row, column)
#define PATCHIFY(in, In, outs, Out)                                                                               \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) patchify_##in##_to_##outs(                      \
      const In* latents, const int32_t* order, const reelspark::PatchGrid grid, Out* tokens) {                    \
    reelspark::model::patchify<In, Out>(latents, order, grid, tokens);                                            \
  }

PATCHIFY(f32, float, f32, float)
PATCHIFY(f32, float, bf16, __nv_bfloat16)

// unpatchify_*_to_*: tokens [patches, columns], columns in the order (frame, row, column, channel)
#define UNPATCHIFY(in, In, outs, Out)                                                                             \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) unpatchify_##in##_to_##outs(                    \
      const In* tokens, const int32_t* order, const reelspark::PatchGrid grid, Out* latents) {                    \
    reelspark::model::unpatchify<In, Out>(tokens, order, grid, latents);                                          \
  }

UNPATCHIFY(f32, float, f32, float)
UNPATCHIFY(bf16, __nv_bfloat16, f32, float)

// latents_to_video_*: fp32 [channels, pixels] to [pixels, channels], x * deviation[channel] + mean[channel]
#define LATENTS_TO_VIDEO(name, T)                                                                                 \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS) latents_to_video_##name(                        \
      const float* latents, const float* deviation, const float* mean, T* video, int64_t pixels, int channels) {  \
    reelspark::model::latents_to_video<T>(latents, deviation, mean, video, pixels, channels);                     \
  }

LATENTS_TO_VIDEO(f32, float)
LATENTS_TO_VIDEO(f16, __half)
LATENTS_TO_VIDEO(bf16, __nv_bfloat16)
