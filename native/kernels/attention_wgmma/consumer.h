// A consumer warpgroup: 64 queries of the block's tile, over all steps of its list.
//
// Overlap::kProducts: a warpgroup issues the scores of step j and, behind them, the values of step j - 1. It goes on with
// the maxima of step j as soon as it has the scores, while the tensor cores work on the values and then for the other
// warpgroup. The two fall out of step by themselves: making them take turns at barriers costs more than it gains.
// Overlap::kThreadBlocks: each warpgroup goes through its steps one thing after the other; there are more of them.
#pragma once

#include "output.h"
#include "shared_memory.h"
#include "softmax.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

// Numbered barriers; 0 is the thread block's own. Each warpgroup has one to vote at.
constexpr int kVoteBarrier = 1;
constexpr int kConsumers = kGroups * kWarpgroupSize;

template <typename Operands, typename Out>
class Consumer {
  using Score = typename Operands::Score;
  using Sums = float[Operands::kSums];
  static constexpr bool kOverlapsProducts = Operands::kOverlap != Overlap::kThreadBlocks;
  static constexpr int kStepBlocks = Operands::kStepBlocks;
  static constexpr int kScores = Operands::kScores;
  static constexpr int kOutputs = Operands::kHeadDim / 2;
  static constexpr int kWeights = Operands::kWeightRegisters;
  static constexpr bool kLinear = Operands::kWeighting == Weighting::kLinear;
 public:
  __device__ Consumer(const AttentionArguments& arguments, SharedMemory<Operands>& shared, int group)
      : arguments_(arguments),
        shared_(shared),
        group_(group),
        row_(group * kGroupQueries + threadIdx.x % kWarpgroupSize / kWarpSize * 16 + threadIdx.x % kWarpSize / 4) {
    if (kOverlapsProducts) {
      // Kept in a register rather than computed anew.
      asm volatile("" : "+r"(row_));
    }
  }

  __device__ void run() {
    while (true) {
      barrier_wait(shared_address(&shared_.tile_full[tile_.stage]), tile_.parity);
      if (tile().blocks == kNoMoreTiles) {
        break;
      }
      attend();
      tile_.advance();
    }
  }

 private:
  // Every thread arrives for itself: no dearer than one for each warp, and race checkers follow it.
  static __device__ void release(const uint64_t& barrier) { barrier_arrive(shared_address(&barrier)); }

  __device__ const Tile& tile() const { return shared_.tiles[tile_.stage]; }

  __device__ int query(int i) const { return tile().query_block * kQueryBlock + row_ + 8 * i; }

  __device__ void attend() {
    float output[kOutputs];
#pragma unroll
    for (int i = 0; i < kOutputs; ++i) {
      output[i] = 0;
    }
    SoftmaxState softmax;
    if constexpr (kLinear) {
      softmax.reach = reach();
    }
    int skipped = 0;
    const int steps = (tile().blocks + kStepBlocks - 1) / kStepBlocks;
    if constexpr (kOverlapsProducts) {
      go_overlapped(steps, softmax, output, skipped);
    } else {
      go_straight(steps, softmax, output, skipped);
    }
    write_output<Operands, Out>(arguments_, tile(), row_, softmax, output);
    count(tile(), skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  __device__ __forceinline__ void go_overlapped(
      int steps, SoftmaxState& softmax, float (&output)[kOutputs], int& skipped) {
    if (steps == 0) {
      return;
    }
    uint32_t weights[kWeights];
    weigh_first(softmax, weights, skipped);
#pragma unroll 1
    for (int left = steps - 1; left > 0; --left) {
      Score scores[kScores];
      Sums sums;
      wait_for_stage();
      issue_scores(scores);
      issue_values(output, sums, weights);
      finish_scores<1>(scores);
      const StepView view = look(softmax, scores, skipped);
      if constexpr (Operands::kPromotes) {
        softmax.correct(output);
      }
      finish_values(output, sums);
      release_stage();
      if constexpr (!Operands::kPromotes) {
        softmax.correct(output);
      }
      weigh(softmax, scores, view, weights, [&] { promote(output, sums, softmax, softmax.correction); });
    }
    multiply_last(softmax, weights, output);
  }

  __device__ __forceinline__ void go_straight(
      int steps, SoftmaxState& softmax, float (&output)[kOutputs], int& skipped) {
#pragma unroll 1
    for (int left = steps; left > 0; --left) {
      Score scores[kScores];
      wait_for_stage();
      issue_scores(scores);
      finish_scores<0>(scores);
      const StepView view = look(softmax, scores, skipped);
      uint32_t weights[kWeights];
      weigh(softmax, scores, view, weights, [] {});
      softmax.correct(output);
      Sums sums;
      issue_values(output, sums, weights);
      finish_values(output, sums);
      release_stage();
      promote(output, sums, softmax, {1, 1});
    }
  }

  // The weights of the first step, with no values to multiply meanwhile.
  __device__ __forceinline__ void weigh_first(SoftmaxState& softmax, uint32_t (&weights)[kWeights], int& skipped) {
    Score scores[kScores];
    wait_for_stage();
    issue_scores(scores);
    finish_scores<0>(scores);
    const StepView view = look(softmax, scores, skipped);
    release_stage();
    weigh(softmax, scores, view, weights, [] {});
  }

  // The values of the last step, with no scores to multiply before them.
  __device__ __forceinline__ void multiply_last(
      SoftmaxState& softmax, const uint32_t (&weights)[kWeights], float (&output)[kOutputs]) {
    Sums sums;
    wait_for_stage();
    issue_values(output, sums, weights);
    finish_values(output, sums);
    release_stage();
    promote(output, sums, softmax, {1, 1});
  }

  // What is known of a step before its exponentials.
  struct StepView {
    StepScales<kStepBlocks> scales;
    Kept<kStepBlocks> kept;
    Care care;
  };

  // Hides scores of the stage's keys that a query does not see, finds their maxima, and has the softmax follow these.
  __device__ __forceinline__ StepView look(SoftmaxState& softmax, Score (&scores)[kScores], int& skipped) const {
    const StepBlocks<kStepBlocks>& step = shared_.steps[stage_.stage];
    const StepFactors<kStepBlocks> factors = step.factors[group_];
    StepView view;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const float query_scale =
          Operands::kScaled ? shared_.query_scales[tile_.stage][row_ + 8 * i] : arguments_.score_scale;
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        view.scales[i][j] = query_scale * factors.scale[j];
      }
    }
    view.kept = all_kept();
    StepMaxima<kStepBlocks> maxima;
    if (factors.kind == StepKind::kPlain) {
      step_maxima<Visibility::kAll, kStepBlocks>(scores, view.scales, maxima);
      softmax.template follow<kStepBlocks>(maxima, Operands::kTolerance);
      view.care = linear_care(softmax, factors);
      return view;
    }
    const bool masked = factors.kind == StepKind::kMasked;
    if (masked) {
      hide(scores, step);
    }
    step_maxima<Visibility::kSome, kStepBlocks>(scores, view.scales, maxima);
    const float threshold = tile().threshold;
    if (threshold < INFINITY) {
      const bool valid[kRows] = {query(0) < arguments_.query_tokens, query(1) < arguments_.query_tokens};
      view.kept = softmax.template decide<kStepBlocks>(maxima, threshold, valid, kVoteBarrier + group_);
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        skipped += !view.kept.block[j] && step.id[j] != kNoBlock;
      }
    }
    // The threshold is about maxima: the reference follows them exactly. A step that is left out moves none.
    softmax.template follow<kStepBlocks>(maxima, threshold < INFINITY ? 0.0f : Operands::kTolerance);
    view.care = masked || (kLinear && !view.kept.all()) ? Care::kEach : linear_care(softmax, factors);
    return view;
  }

  static __device__ __forceinline__ Care linear_care(const SoftmaxState& softmax, const StepFactors<kStepBlocks>& factors) {
    if constexpr (kLinear) {
      return softmax.linear_care(factors.scale);
    } else {
      return Care::kNone;
    }
  }

  __device__ __forceinline__ void hide(Score (&scores)[kScores], const StepBlocks<kStepBlocks>& step) const {
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      const int keys = static_cast<int>(
          visible_keys(query(row), arguments_.query_tokens, arguments_.key_tokens, arguments_.masking));
#pragma unroll
      for (int block = 0; block < kStepBlocks; ++block) {
        const int id = step.id[block];
        hide_scores<kStepBlocks>(scores, row, block, id == kNoBlock ? 0 : keys - id * kKeyBlock);
      }
    }
  }

  // Makes weights of the scores: zero in the blocks that the threshold leaves out. `meanwhile` is work that the compiler may
  // mix with it.
  template <typename Meanwhile>
  __device__ __forceinline__ void weigh(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view, uint32_t (&weights)[kWeights],
      Meanwhile meanwhile) const {
    if (!view.kept.any()) {
      meanwhile();
#pragma unroll
      for (int i = 0; i < kWeights; ++i) {
        weights[i] = 0;
      }
    } else if (view.care == Care::kEach) {
      meanwhile();
      make_weights<Care::kEach>(softmax, scores, view, weights);
    } else if (kLinear && view.care == Care::kClamp) {
      meanwhile();
      make_weights<Care::kClamp>(softmax, scores, view, weights);
    } else {
      meanwhile();
      make_weights<Care::kNone>(softmax, scores, view, weights);
    }
  }

  template <Care kCare>
  static __device__ __forceinline__ void make_weights(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view, uint32_t (&weights)[kWeights]) {
    uint32_t bits[kScores];
    if constexpr (kLinear) {
      softmax.template weigh_linearly<kCare, Operands>(scores, view.scales, view.kept, bits);
    } else {
      softmax.template weigh<kCare, Operands>(scores, view.scales, view.kept, bits);
    }
    Operands::pack_weights(weights, bits);
  }

  // How far from zero the scores of the warp's rows can lie, times the scale of the keys: at most the products of the
  // queries' norms with the greatest that a row of int8 keys can have.
  __device__ __forceinline__ float reach() const {
    constexpr int kUnits = Operands::kRowUnits;
    constexpr float kGreatestKey = Operands::kHeadDim == 128 ? 1449 : 1024;  // 128 times the root of the dimensions
    const auto* const queries = reinterpret_cast<const int4*>(shared_.queries[tile_.stage]);
    uint32_t bits = 0;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      int square = 0;
      // The lanes of a quad share a row; where its units lie does not matter, but lanes begin at different banks.
#pragma unroll
      for (int j = 0; j < kUnits / 4; ++j) {
        const int unit = (4 * j + static_cast<int>(threadIdx.x)) % kUnits;
        const int4 part = queries[(row_ + 8 * i) * kUnits + unit];
        square = __dp4a(part.x, part.x, square);
        square = __dp4a(part.y, part.y, square);
        square = __dp4a(part.z, part.z, square);
        square = __dp4a(part.w, part.w, square);
      }
      square += __shfl_xor_sync(0xffffffff, square, 1);
      square += __shfl_xor_sync(0xffffffff, square, 2);
      const float row = sqrtf(static_cast<float>(square)) * shared_.query_scales[tile_.stage][row_ + 8 * i];
      // As integers, the bits of NaN are above those of all numbers.
      bits = max(bits, __float_as_uint(row));
    }
    return __uint_as_float(__reduce_max_sync(0xffffffff, bits)) * kGreatestKey;
  }

  static __device__ __forceinline__ Kept<kStepBlocks> all_kept() {
    Kept<kStepBlocks> kept;
#pragma unroll
    for (int j = 0; j < kStepBlocks; ++j) {
      kept.block[j] = true;
    }
    return kept;
  }

  __device__ void wait_for_stage() { barrier_wait(shared_address(&shared_.full[stage_.stage]), stage_.parity); }

  __device__ void release_stage() {
    release(shared_.empty[stage_.stage]);
    stage_.advance();
  }

  // Issues weights times values: into sums of their own where these are promoted, otherwise onto the output.
  __device__ __forceinline__ void issue_values(
      float (&output)[kOutputs], Sums& sums, const uint32_t (&weights)[kWeights]) {
    const uint32_t values = shared_address(shared_.values[stage_.stage]);
    wgmma_fence();
    if constexpr (Operands::kPromotes) {
      Operands::issue_values(sums, weights, values);
    } else {
      Operands::issue_values(output, weights, values);
    }
    wgmma_commit();
  }

  // Completes all that was issued, the values last.
  __device__ __forceinline__ void finish_values(float (&output)[kOutputs], Sums& sums) {
    wgmma_wait<0>();
    if constexpr (Operands::kPromotes) {
      wgmma_settle(sums);
    } else {
      wgmma_settle(output);
    }
  }

  // Adds sums to the output, and those of the weights where they are among them. Both have been corrected already.
  static __device__ __forceinline__ void promote(
      float (&output)[kOutputs], const Sums& sums, SoftmaxState& softmax, const float (&correction)[kRows]) {
    if constexpr (Operands::kPromotes) {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] = fmaf(sums[i], correction[i / 2 % 2], output[i]);
      }
      if constexpr (Operands::kOnesRows > 0) {
#pragma unroll
        for (int row = 0; row < kRows; ++row) {
          // All columns of ones hold the same.
          softmax.sum[row] = fmaf(sums[kOutputs + 2 * row], correction[row], softmax.sum[row]);
        }
      }
    }
  }

  __device__ __forceinline__ void issue_scores(Score (&scores)[kScores]) {
    uint32_t queries = shared_address(shared_.queries[tile_.stage]) + group_ * Operands::kGroupBytes;
    // Computed at each step: the loop has no registers for what it does not change.
    asm volatile("" : "+r"(queries));
    wgmma_fence();
    Operands::issue_scores(scores, queries, shared_address(shared_.keys[stage_.stage]));
    wgmma_commit();
  }

  // Completes issue_scores, with kPending groups issued since.
  template <int kPending>
  __device__ __forceinline__ void finish_scores(Score (&scores)[kScores]) {
    wgmma_wait<kPending>();
    wgmma_settle(scores);
  }

  // Adds the tile to the statistics. What a group left out weighs as many 16ths as it has of the tile's queries.
  __device__ void count(const Tile& tile, int skipped) const {
    if (arguments_.statistics == nullptr || threadIdx.x % kWarpgroupSize != 0) {
      return;
    }
    if (group_ == 0) {
      atomicAdd(
          reinterpret_cast<unsigned long long*>(&arguments_.statistics->selected_blocks),
          static_cast<unsigned long long>(tile.blocks));
    }
    const int queries = block_range(arguments_.query_tokens, kQueryBlock, tile.query_block).length;
    const int parts = (queries + 15) / 16;
    const int own = min(max(parts - group_ * (kGroupQueries / 16), 0), kGroupQueries / 16);
    if (skipped * own > 0) {
      atomicAdd(
          reinterpret_cast<unsigned long long*>(&arguments_.statistics->skipped_parts),
          static_cast<unsigned long long>(skipped) * (kPartsOfBlock / parts * own));
    }
  }

  const AttentionArguments& arguments_;
  SharedMemory<Operands>& shared_;
  const int group_;
  int row_;  // the thread's first row in the tile; the other is 8 further
  RingPosition<kTileStages> tile_;
  RingPosition<SharedMemory<Operands>::kStages> stage_;
};

}  // namespace reelspark::hopper
