// Sparse attention for Hopper, 8-bit operands of head dimension 64: a thread block has threads for twins.
#include "attention_wgmma/entry.h"

REELSPARK_ATTENTION(attention_wgmma_int8_e4m3_to_bf16_d64, ByteOperands<64>, __nv_bfloat16)
REELSPARK_ATTENTION(attention_wgmma_int8_e4m3_to_f16_d64, ByteOperands<64>, __half)
