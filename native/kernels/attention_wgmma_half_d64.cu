// Sparse attention for Hopper, 16-bit operands of head dimension 64: a thread block has threads for twins.
#include "attention_wgmma/entry.h"

REELSPARK_ATTENTION(attention_wgmma_bf16_d64, BfloatOperands<64>, __nv_bfloat16)
REELSPARK_ATTENTION(attention_wgmma_f16_d64, HalfOperands<64>, __half)
