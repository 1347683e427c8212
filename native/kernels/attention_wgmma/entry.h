// The entry points of Hopper's attention kernels.
#pragma once

#include "attention.h"

// Grid: any number of thread blocks, best as many as the multiprocessors hold at once; they share the rows of work among
// themselves. next_row is zero at the launch and zero again after it.
//
// A head has at most kMostKeyTokens keys, with lists or without, and 2^31 - 128 queries.
//
// Operands that are not finite (NaN scales of 8-bit ones) make NaN of what they meet: a query, its row; a key or value,
// every query whose list holds its block.
//
// With 8-bit operands log-sum-exps are those of linear weights (linear_weight.h): off by up to 0.085 for a row of a few keys,
// by hardly more than 0.01 for one of many.
#define REELSPARK_ATTENTION(name, operands, out)                                                                  \
  extern "C" __global__ void __launch_bounds__(reelspark::hopper::kThreads, 1)                                    \
      name(const __grid_constant__ reelspark::AttentionArguments arguments) {                                     \
    reelspark::hopper::attention<reelspark::hopper::operands, out>(arguments);                                    \
  }
