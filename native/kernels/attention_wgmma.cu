// Sparse attention for Hopper (sm_90a): warpgroup matrix instructions fed by bulk copies, persistent blocks.
#include "attention_wgmma/attention.h"

// Grid: any number of blocks, best one for each multiprocessor; they share the rows of work among themselves. next_row
// is zero at the launch and zero again after it.
//
// Operands that are not finite (NaN scales of 8-bit ones) make NaN of what they meet: a query, its row; a key or value,
// every query whose list holds its block.
#define ATTENTION(name, operands, out)                                                    \
  extern "C" __global__ void __launch_bounds__(reelspark::hopper::kThreads, 1)            \
      name(const __grid_constant__ reelspark::AttentionArguments arguments) {             \
    reelspark::hopper::attention<reelspark::hopper::operands, out>(arguments);            \
  }

#define ATTENTION_OF_HEADS(d)                                                              \
  ATTENTION(attention_wgmma_int8_e4m3_to_bf16_d##d, ByteOperands<d>, __nv_bfloat16)       \
  ATTENTION(attention_wgmma_int8_e4m3_to_f16_d##d, ByteOperands<d>, __half)               \
  ATTENTION(attention_wgmma_bf16_d##d, BfloatOperands<d>, __nv_bfloat16)                  \
  ATTENTION(attention_wgmma_f16_d##d, HalfOperands<d>, __half)

ATTENTION_OF_HEADS(64)
ATTENTION_OF_HEADS(128)
