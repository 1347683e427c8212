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
  static constexpr bool kOverlapsProducts = Operands::kOverlap == Overlap::kProducts;
  static constexpr int kStepBlocks = Operands::kStepBlocks;
  static constexpr int kScores = Operands::kScores;
  static constexpr int kOutputs = Operands::kHeadDim / 2;
  static constexpr int kSums = Operands::kPromotes ? kOutputs : 1;

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
    Score scores[kScores];
    uint32_t weights[Operands::kWeightRegisters];
    float output[kOutputs];
#pragma unroll
    for (int i = 0; i < kOutputs; ++i) {
      output[i] = 0;
    }
    SoftmaxState softmax;
    int skipped = 0;
    const int steps = (tile().blocks + kStepBlocks - 1) / kStepBlocks;
    if constexpr (kOverlapsProducts) {
      go_overlapped(steps, softmax, scores, weights, output, skipped);
    } else {
      go_straight(steps, softmax, scores, weights, output, skipped);
    }
    write_output<Out>(arguments_, tile(), row_, softmax, output, Operands::kWeightExponent);
    count(tile(), skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  __device__ __forceinline__ void go_overlapped(
      int steps, SoftmaxState& softmax, Score (&scores)[kScores], uint32_t (&weights)[Operands::kWeightRegisters],
      float (&output)[kOutputs], int& skipped) {
    if (steps == 0) {
      return;
    }
    float sums[kSums];
    wait_for_stage();
    issue_scores(scores);
    finish_scores<0>(scores);
    StepView view = look(softmax, scores, skipped);
    release_stage();
    weigh(softmax, scores, view, weights, [] {});
#pragma unroll 1
    for (int i = 1; i < steps; ++i) {
      wait_for_stage();
      issue_scores(scores);
      issue_values(output, sums, weights);
      finish_scores<1>(scores);
      view = look(softmax, scores, skipped);
      if constexpr (Operands::kPromotes) {
        softmax.correct(output);
      }
      finish_values(output, sums);
      release_stage();
      if constexpr (!Operands::kPromotes) {
        softmax.correct(output);
      }
      weigh(softmax, scores, view, weights, [&] { promote(output, sums, softmax.correction); });
    }
    wait_for_stage();
    issue_values(output, sums, weights);
    finish_values(output, sums);
    release_stage();
    promote(output, sums, {1, 1});
  }

  __device__ __forceinline__ void go_straight(
      int steps, SoftmaxState& softmax, Score (&scores)[kScores], uint32_t (&weights)[Operands::kWeightRegisters],
      float (&output)[kOutputs], int& skipped) {
#pragma unroll 1
    for (int i = 0; i < steps; ++i) {
      wait_for_stage();
      issue_scores(scores);
      finish_scores<0>(scores);
      const StepView view = look(softmax, scores, skipped);
      weigh(softmax, scores, view, weights, [] {});
      softmax.correct(output);
      float sums[kSums];
      issue_values(output, sums, weights);
      finish_values(output, sums);
      release_stage();
      promote(output, sums, {1, 1});
    }
  }

  // What is known of a step before its exponentials.
  struct StepView {
    StepScales<kStepBlocks> scales;
    bool masked;
    StepVisible<kStepBlocks> visible;
    Kept<kStepBlocks> kept;
  };

  // Finds the maxima of the scores of the stage's keys, and has the softmax follow them.
  __device__ __forceinline__ StepView look(
      SoftmaxState& softmax, const Score (&scores)[kScores], int& skipped) const {
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
    view.masked = factors.kind == StepKind::kMasked;
    StepMaxima<kStepBlocks> maxima;
    if (factors.kind == StepKind::kPlain) {
      step_maxima<Visibility::kAll, kStepBlocks>(scores, view.scales, view.visible, maxima);
      softmax.template follow<kStepBlocks>(maxima, Operands::kTolerance);
      return view;
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int keys = static_cast<int>(
          visible_keys(query(i), arguments_.query_tokens, arguments_.key_tokens, arguments_.masking));
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        view.visible.keys[i][j] = step.id[j] == kNoBlock ? 0 : keys - step.id[j] * kKeyBlock;
      }
    }
    step_maxima<Visibility::kSome, kStepBlocks>(scores, view.scales, view.visible, maxima);
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
    return view;
  }

  // Makes weights of the scores: zero in the blocks that the threshold leaves out. `meanwhile` is work that the compiler may
  // mix with the exponentials.
  template <typename Meanwhile>
  __device__ __forceinline__ void weigh(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view,
      uint32_t (&weights)[Operands::kWeightRegisters], Meanwhile meanwhile) const {
    if (!view.kept.any()) {
      meanwhile();
#pragma unroll
      for (int i = 0; i < Operands::kWeightRegisters; ++i) {
        weights[i] = 0;
      }
    } else if (view.masked) {
      meanwhile();
      softmax.template weigh<Visibility::kSome, Operands>(scores, view.scales, view.visible, view.kept, weights);
    } else {
      meanwhile();
      softmax.template weigh<Visibility::kAll, Operands>(scores, view.scales, view.visible, view.kept, weights);
    }
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
      float (&output)[kOutputs], float (&sums)[kSums], const uint32_t (&weights)[Operands::kWeightRegisters]) {
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
  __device__ __forceinline__ void finish_values(float (&output)[kOutputs], float (&sums)[kSums]) {
    wgmma_wait<0>();
    if constexpr (Operands::kPromotes) {
      wgmma_settle(sums);
    } else {
      wgmma_settle(output);
    }
  }

  // Adds sums to the output, which has been corrected already.
  static __device__ __forceinline__ void promote(
      float (&output)[kOutputs], const float (&sums)[kSums], const float (&correction)[kRows]) {
    if constexpr (Operands::kPromotes) {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] = fmaf(sums[i], correction[i / 2 % 2], output[i]);
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
