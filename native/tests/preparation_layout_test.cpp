// The arithmetic of preparation: scratch memory, grids, what masking lets rows attend to. Needs no GPU.
#include <cstdio>
#include <set>
#include <vector>

#include "check.h"
#include "reelspark/preparation.h"
#include "reelspark/row_geometry.h"

namespace reelspark {
namespace {

void scratch_parts_follow_each_other() {
  for (int kernel_dim : {64, 128}) {
    for (int64_t tokens : {0, 1, 64, 32760, 1000000}) {
      const PreparationSize size{2, 12, 4, tokens, tokens, kernel_dim};
      const Scratch offsets(size);
      const int64_t heads = size.all_key_heads();
      const std::vector<std::pair<int64_t, int64_t>> parts = {
          {offsets.magnitudes, heads * kernel_dim * 4},
          {offsets.next_tiles, 8},
          {offsets.magnitudes_done, heads * 4},
          {offsets.means_done, heads * 4},
          {offsets.groups_done, heads * 4},
          {offsets.sums_done, heads * size.sum_groups() * 4},
          {offsets.cleared, 0},
          {offsets.sums, heads * size.key_tiles() * kernel_dim * 4},
          {offsets.group_sums, heads * size.sum_groups() * kernel_dim * 4},
          {offsets.means, heads * kernel_dim * 4},
          {offsets.pooled_queries, size.rows() * kernel_dim * 4},
          {offsets.pooled_keys, heads * ((size.key_blocks() + 31) / 32 * 32) * kernel_dim * 4},
          {offsets.query_similarities, size.rows() * 4},
          {offsets.key_similarities, heads * size.key_blocks() * 4},
          {offsets.scores, 0},
      };
      int64_t end = 0;
      for (const auto& [offset, bytes] : parts) {
        CHECK(offset % 4 == 0 && offset >= end);
        end = offset + bytes;
      }
      CHECK(offsets.bytes >= end && offsets.cleared <= offsets.sums);
      for (int64_t vectors : {offsets.sums, offsets.group_sums, offsets.means, offsets.pooled_keys, offsets.pooled_queries, offsets.scores}) {
        CHECK(vectors % 16 == 0);
      }
    }
  }
}

void pooled_keys_have_places_of_their_own() {
  for (int kernel_dim : {64, 128}) {
    std::set<int64_t> places;
    for (int64_t block = 0; block < 64; ++block) {
      for (int d = 0; d < kernel_dim; ++d) {
        const int64_t place = pooled_key_offset(block, d, kernel_dim);
        CHECK(place >= 0 && place < 64 * kernel_dim && places.insert(place).second);
      }
      CHECK(pooled_key_offset(block, 4, kernel_dim) % 4 == 0);
    }
  }
}

void scores_fit_into_shared_memory() {
  // What sm_89 and sm_120 give a block, less the pooled queries.
  constexpr int kMost = 99 * 1024 - kSelectRows * 128 * 4;
  for (int64_t blocks : {1, 512, 960, 961, 1182, 3438, 7680, 7681, 65536}) {
    const PreparationSize size{1, 2, 2, 128 * 1000, blocks * kKeyBlock, 128};
    CHECK(select_shared_bytes(size) <= kMost);
    CHECK(scores_in_scratch(blocks) == (blocks > 7680));
    const int rows = select_rows(blocks);
    CHECK(rows == 1 || rows == 2 || rows == 4 || rows == 8);
    CHECK(select_grid(size) <= 2 * 1000);
  }
  CHECK(select_rows(512) == 8 && select_rows(1182) == 4 && select_rows(7680) == 1 && select_rows(65536) == 8);
}

void every_tile_is_counted() {
  const PreparationSize size{1, 6, 2, 1000, 700, 64};
  CHECK(size.key_tiles() == 6 && size.sum_groups() == 1);
  CHECK(prepare_tiles(size) == 2 * 4 * 6 + 6 * 8);
  CHECK(prepare_grid(size, 1000) == 96 && prepare_grid(size, 50) == 50);
  // Half as many tokens in a tile.
  const PreparationSize wide{1, 6, 2, 1000, 7000, 128};
  CHECK(wide.key_tiles() == 110 && wide.sum_groups() == 4);
  CHECK(prepare_tiles(wide) == 2 * 4 * 110 + 2 * 6 * 8);
  CHECK(prepare_grid({1, 6, 2, 0, 0, 64}, 1000) == 0);
}

void rows_see_what_masking_admits() {
  const RowGeometry plain = row_geometry(0, 300, 700, Masking::kNone, 0);
  CHECK(plain.admissible == 11 && plain.kept == 11);
  const RowGeometry text = row_geometry(0, 300, 700, Masking::kNone, 100);
  CHECK(text.admissible == 11 && text.kept == 9);
  // The last query sees the last key: query 0 sees keys 0 .. 400.
  const RowGeometry causal = row_geometry(0, 300, 700, Masking::kCausal, 0);
  CHECK(causal.admissible == (127 + 401 + 63) / 64 && causal.kept == 400 / 64);
  // More queries than keys: the first see none.
  const RowGeometry blind = row_geometry(0, 700, 300, Masking::kCausal, 50);
  CHECK(blind.admissible == 0 && blind.kept == 0);
  CHECK(row_geometry(0, 10, 1000, Masking::kNone, 5000).kept == 0);
}

}  // namespace
}  // namespace reelspark

int main() {
  reelspark::scratch_parts_follow_each_other();
  reelspark::pooled_keys_have_places_of_their_own();
  reelspark::scores_fit_into_shared_memory();
  reelspark::every_tile_is_counted();
  reelspark::rows_see_what_masking_admits();
  std::puts("preparation_layout_test: all checks passed");
  return 0;
}
