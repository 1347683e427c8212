// Sparse attention for Hopper (sm_90a): warpgroup matrix instructions fed by bulk copies, persistent thread blocks.
#include "attention_wgmma/entry.h"

REELSPARK_ATTENTION(attention_wgmma_int8_e4m3_to_bf16_d128, ByteOperands<128>, __nv_bfloat16)
REELSPARK_ATTENTION(attention_wgmma_int8_e4m3_to_f16_d128, ByteOperands<128>, __half)
REELSPARK_ATTENTION(attention_wgmma_bf16_d128, BfloatOperands<128>, __nv_bfloat16)
REELSPARK_ATTENTION(attention_wgmma_f16_d128, HalfOperands<128>, __half)
