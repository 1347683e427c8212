// Which key blocks masking and settings let, or make, the query blocks of a row attend to.
#pragma once

#include <cstdint>

#include "reelspark/attention_arguments.h"
#include "reelspark/attention_layout.h"
#include "reelspark/block_layout.h"

namespace reelspark {

// Key blocks 0 .. admissible - 1 hold a key that a query of the block sees. Those from `kept` on are always attended: the
// diagonal of a causal mask, and the blocks of the last `kept_key_tokens` keys.
struct RowGeometry {
  int64_t admissible;
  int64_t kept;
};

REELSPARK_HOST_DEVICE constexpr RowGeometry row_geometry(
    int64_t query_block, int64_t query_tokens, int64_t key_tokens, Masking masking, int64_t kept_key_tokens) {
  const BlockRange queries = block_range(query_tokens, kQueryBlock, query_block);
  const int64_t last = queries.begin + queries.length - 1;
  const int64_t admissible = block_count(visible_keys(last, query_tokens, key_tokens, masking), kKeyBlock);
  int64_t kept = admissible;
  if (masking == Masking::kCausal) {
    const int64_t first_visible = visible_keys(queries.begin, query_tokens, key_tokens, masking);
    kept = first_visible == 0 ? 0 : (first_visible - 1) / kKeyBlock;
  }
  if (kept_key_tokens > 0) {
    const int64_t first_kept = kept_key_tokens < key_tokens ? (key_tokens - kept_key_tokens) / kKeyBlock : 0;
    kept = first_kept < kept ? first_kept : kept;
  }
  return {admissible, kept};
}

}  // namespace reelspark
