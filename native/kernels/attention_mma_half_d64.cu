// Portable attention, head dimension 64: 16-bit operands, for models whose activations do not survive 8 bits.
#include "attention_mma/entry.h"

REELSPARK_ATTENTION(attention_mma_bf16_d64, __nv_bfloat16, __nv_bfloat16, __nv_bfloat16, 64)
REELSPARK_ATTENTION(attention_mma_f16_d64, __half, __half, __half, 64)
