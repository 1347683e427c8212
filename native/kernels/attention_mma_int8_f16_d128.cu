// Portable attention, head dimension 128: 8-bit queries and keys, fp16 values, for every GPU from sm_80 on.
#include "attention_mma/entry.h"

REELSPARK_ATTENTION(attention_mma_int8_f16_to_bf16_d128, Int8, __half, __nv_bfloat16, 128)
REELSPARK_ATTENTION(attention_mma_int8_f16_to_f16_d128, Int8, __half, __half, 128)
