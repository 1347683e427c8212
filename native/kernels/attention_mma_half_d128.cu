// Portable attention, head dimension 128: 16-bit operands, for models whose activations do not survive 8 bits.
#include "attention_mma/entry.h"

REELSPARK_ATTENTION(attention_mma_bf16_d128, __nv_bfloat16, __nv_bfloat16, __nv_bfloat16, 128)
REELSPARK_ATTENTION(attention_mma_f16_d128, __half, __half, __half, 128)
