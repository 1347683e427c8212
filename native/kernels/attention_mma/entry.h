// Entry points of the portable attention kernel. Grid: one thread block for each row (batch * query heads * query
// blocks), of REELSPARK_THREADS threads with Tile::kSharedBytes bytes of shared memory. The arguments are described in
// attention_arguments.h, their blocks in attention_layout.h. No field but next_row is without use.
//
// A warp leaves out a block's values when the PV threshold allows it for all its 32 queries. Values that are not finite
// go through IEEE arithmetic into the outputs of the rows that meet them or, in 8 bits, their block, and nowhere else.
#pragma once

#include "kernel.h"

static_assert(reelspark::mma::kThreads == REELSPARK_THREADS);

#define REELSPARK_ATTENTION(name, QkElement, PvElement, OutputElement, head_dim)                                     \
  static_assert(reelspark::mma::Tile<QkElement, PvElement, head_dim>::kSharedBytes == REELSPARK_SHARED_BYTES);       \
  extern "C" __global__ void __launch_bounds__(                                                                      \
      REELSPARK_THREADS, reelspark::mma::Tile<QkElement, PvElement, head_dim>::kBlocksPerProcessor)                  \
      name(const __grid_constant__ reelspark::AttentionArguments arguments) {                                        \
    reelspark::mma::attention<QkElement, PvElement, OutputElement, head_dim>(arguments);                             \
  }

using reelspark::mma::E4m3;
using reelspark::mma::Int8;
