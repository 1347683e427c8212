// How latents [channels, frames, height, width] are cut into patches; sizes of patches divide those of the latents.
#pragma once

#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

struct PatchGrid {
  int32_t channels, frames, height, width;
  int32_t patch_frames, patch_height, patch_width;

  REELSPARK_HOST_DEVICE constexpr int64_t patches() const {
    return int64_t{frames / patch_frames} * (height / patch_height) * (width / patch_width);
  }
  REELSPARK_HOST_DEVICE constexpr int offsets() const { return patch_frames * patch_height * patch_width; }
  REELSPARK_HOST_DEVICE constexpr int columns() const { return channels * offsets(); }

  // Place inside a channel of one element of a patch. Patches and the elements of a patch are numbered with the column
  // fastest, then the row.
  REELSPARK_HOST_DEVICE constexpr int64_t place(int64_t patch, int offset) const {
    const int columns = width / patch_width, rows = height / patch_height;
    const int64_t column = patch % columns * patch_width + offset % patch_width;
    const int64_t row = patch / columns % rows * patch_height + offset / patch_width % patch_height;
    const int64_t frame = patch / columns / rows * patch_frames + offset / patch_width / patch_height;
    return (frame * height + row) * width + column;
  }
};

// A launcher in another language writes these bytes.
static_assert(sizeof(PatchGrid) == 28);

}  // namespace reelspark
