// Portable attention, head dimension 64: 8-bit queries, keys and values, for GPUs from sm_89 on.
#include "attention_mma/entry.h"

REELSPARK_ATTENTION(attention_mma_int8_e4m3_to_bf16_d64, Int8, E4m3, __nv_bfloat16, 64)
REELSPARK_ATTENTION(attention_mma_int8_e4m3_to_f16_d64, Int8, E4m3, __half, 64)
