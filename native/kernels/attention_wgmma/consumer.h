// A consumer warpgroup: 64 queries of the block's tile, over all steps of its list.
//
// Overlap::kProducts: a warpgroup issues the scores of step j and, behind them, the values of step j - 1. It goes on with
// the maxima of step j as soon as it has the scores, while the tensor cores work on the values and then for the other
// warpgroup. The two fall out of step by themselves: making them take turns at barriers costs more than it gains.
// Overlap::kThreadBlocks: each warpgroup goes through its steps one thing after the other; there are more of them.
#pragma once

#include "output.h"
#include "reach.h"
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
      softmax.reach = reach<Operands>(shared_.queries[tile_.stage], shared_.query_scales[tile_.stage], row_);
    }
    int skipped = 0;
    const int steps = (tile().blocks + kStepBlocks - 1) / kStepBlocks;
    if constexpr (kOverlapsProducts) {
      go_overlapped(steps, softmax, output, skipped);
    } else {
      go_straight(steps, softmax, output, skipped);
    }
    write_output<Operands, Out>(arguments_, tile(), row_, softmax, output);
    count(arguments_, tile(), group_, skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  __device__ __forceinline__ void go_overlapped(
      int steps, SoftmaxState& softmax, float (&output)[kOutputs], int& skipped) {
    if (steps == 0) {
      return;
    }
    uint32_t weights[kWeights];
    Sums sums;
    clear(sums);
    weigh_first(softmax, weights, skipped);
#pragma unroll 1
    for (int left = steps - 1; left > 0;) {
      // A loop of its own spares the steps the question whether sums are due.
      int run = Operands::kPromotes ? min(left, Operands::kPromotedSteps) : left;
      left -= run;
#pragma unroll 1
      for (; run > 0; --run) {
        go_one_step(softmax, output, sums, weights, skipped);
      }
      promote(output, sums, softmax);
      clear(sums);
    }
    wait_for_stage();
    issue_values(output, sums, weights);
    finish_values(output, sums);
    release_stage();
    promote(output, sums, softmax);
  }

  __device__ __forceinline__ void go_one_step(
      SoftmaxState& softmax, float (&output)[kOutputs], Sums& sums, uint32_t (&weights)[kWeights], int& skipped) {
    Score scores[kScores];
    wait_for_stage();
    issue_scores(scores);
    issue_values(output, sums, weights);
    StepView view = see(softmax);
    finish_scores<1>(scores);
    StepMaxima<kStepBlocks> maxima;
    const bool usual = is_usual(softmax, scores, view, maxima);
    Move move;
    if (__builtin_expect(!usual, 0)) {
      look(softmax, scores, view, maxima, skipped, move, [&] {
        if constexpr (Operands::kPromotes) {
          move.correct(output);
        }
      });
    }
    finish_values(output, sums);
    release_stage();
    if (__builtin_expect(usual, 1)) {
      make_weights<Care::kNone>(softmax, scores, view, weights);
    } else {
      if (move.made) {
        if constexpr (Operands::kPromotes) {
          move.correct(sums);
        } else {
          move.correct(output);
        }
      }
      weigh(softmax, scores, view, weights);
    }
  }

  __device__ __forceinline__ void go_straight(
      int steps, SoftmaxState& softmax, float (&output)[kOutputs], int& skipped) {
    static_assert(Operands::kPromotedSteps == 1);
#pragma unroll 1
    for (int left = steps; left > 0; --left) {
      Score scores[kScores];
      wait_for_stage();
      issue_scores(scores);
      StepView view = see(softmax);
      finish_scores<0>(scores);
      uint32_t weights[kWeights];
      StepMaxima<kStepBlocks> maxima;
      if (__builtin_expect(is_usual(softmax, scores, view, maxima), 1)) {
        make_weights<Care::kNone>(softmax, scores, view, weights);
      } else {
        Move move;
        look(softmax, scores, view, maxima, skipped, move, [&] { move.correct(output); });
        weigh(softmax, scores, view, weights);
      }
      Sums sums;
      issue_values(output, sums, weights);
      finish_values(output, sums);
      release_stage();
      promote(output, sums, softmax);
    }
  }

  // The weights of the first step, with no values to multiply meanwhile.
  __device__ __forceinline__ void weigh_first(SoftmaxState& softmax, uint32_t (&weights)[kWeights], int& skipped) {
    Score scores[kScores];
    wait_for_stage();
    issue_scores(scores);
    StepView view = see(softmax);
    finish_scores<0>(scores);
    Move move;
    StepMaxima<kStepBlocks> maxima;
    is_usual(softmax, scores, view, maxima);
    look(softmax, scores, view, maxima, skipped, move, [] {});
    release_stage();
    weigh(softmax, scores, view, weights);
  }

  // What is known of a step besides its scores.
  struct StepView {
    StepFactors<kStepBlocks> factors;
    StepScales<kStepBlocks> scales;
    // Every score is seen and needs no care: the usual step, which has a way of its own.
    bool plain;
    // Of the others.
    Care care;
    Kept<kStepBlocks> kept;
  };

  // What is known while the scores are being made.
  __device__ __forceinline__ StepView see(const SoftmaxState& softmax) const {
    StepView view;
    view.factors = shared_.steps[stage_.stage].factors[group_];
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const float query_scale =
          Operands::kScaled ? shared_.query_scales[tile_.stage][row_ + 8 * i] : arguments_.score_scale;
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        view.scales[i][j] = query_scale * view.factors.scale[j];
      }
    }
    // Without a branch between the two.
    view.plain = (view.factors.kind == StepKind::kPlain) & needs_no_care(softmax, view);
    return view;
  }

  // Whether scores that are all seen need no care, and what they need otherwise.
  static __device__ __forceinline__ bool needs_no_care(const SoftmaxState& softmax, const StepView& view) {
    return !kLinear || softmax.within(view.factors.scale, 0.0f);
  }

  static __device__ __forceinline__ Care care(const SoftmaxState& softmax, const StepView& view) {
    return softmax.within(view.factors.scale, kClampedRoom - kLinearRoom) ? Care::kClamp : Care::kEach;
  }

  // Whether all scores are seen, need no care and leave the references where they are, which one vote tells. Also finds
  // the maxima, as they are when all scores are seen.
  static __device__ __forceinline__ bool is_usual(
      const SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view, StepMaxima<kStepBlocks>& maxima) {
    step_maxima<Visibility::kAll, kStepBlocks>(scores, view.scales, maxima);
    return !__any_sync(0xffffffff, !view.plain | softmax.template is_below<kStepBlocks>(maxima, Operands::kTolerance));
  }

  // Finds the maxima of the scores, and has the softmax follow these: `on_move` is what a move of the references asks for.
  template <typename OnMove>
  __device__ __forceinline__ void look(
      SoftmaxState& softmax, Score (&scores)[kScores], StepView& view, const StepMaxima<kStepBlocks>& maxima, int& skipped,
      Move& move, OnMove on_move) const {
    if (view.plain) {
      softmax.template follow<kStepBlocks>(maxima, Operands::kTolerance, move, on_move);
      if (kLinear && move.made) {
        // The move leaves less room, but no less than clamping takes.
        view.plain = needs_no_care(softmax, view);
        view.care = Care::kClamp;
      }
    } else {
      look_closely(softmax, scores, view, skipped, move, on_move);
    }
  }

  // The same for all kinds of steps: hides scores that a query does not see, and asks the PV threshold.
  template <typename OnMove>
  __device__ __forceinline__ void look_closely(
      SoftmaxState& softmax, Score (&scores)[kScores], StepView& view, int& skipped, Move& move,
      OnMove on_move) const {
    const StepBlocks<kStepBlocks>& step = shared_.steps[stage_.stage];
    const bool masked = view.factors.kind == StepKind::kMasked;
    if (masked) {
      hide(scores, step);
    }
    StepMaxima<kStepBlocks> maxima;
    step_maxima<Visibility::kSome, kStepBlocks>(scores, view.scales, maxima);
    view.kept = all_kept();
    float tolerance = Operands::kTolerance;
    const float threshold = tile().threshold;
    if (threshold < INFINITY) {
      const bool valid[kRows] = {query(0) < arguments_.query_tokens, query(1) < arguments_.query_tokens};
      view.kept = softmax.template decide<kStepBlocks>(maxima, threshold, valid, kVoteBarrier + group_);
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        skipped += !view.kept.block[j] && step.id[j] != kNoBlock;
      }
      // The threshold is about maxima: the reference follows them exactly. A step that is left out moves none.
      tolerance = 0;
    }
    softmax.template follow<kStepBlocks>(maxima, tolerance, move, on_move);
    if (!view.kept.any()) {
      view.care = Care::kSkip;
    } else if (masked || !view.kept.all()) {
      view.care = Care::kEach;
    } else {
      view.plain = needs_no_care(softmax, view);
      view.care = care(softmax, view);
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

  // Makes weights of the scores: zero in the blocks that the threshold leaves out.
  static __device__ __forceinline__ void weigh(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view, uint32_t (&weights)[kWeights]) {
    if (view.plain) {
      make_weights<Care::kNone>(softmax, scores, view, weights);
    } else if (kLinear && view.care == Care::kClamp) {
      make_weights<Care::kClamp>(softmax, scores, view, weights);
    } else if (view.care == Care::kEach) {
      make_weights<Care::kEach>(softmax, scores, view, weights);
    } else {
#pragma unroll
      for (int i = 0; i < kWeights; ++i) {
        weights[i] = 0;
      }
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
    // Else the compiler packs behind the place where the ways meet again, and no longer mixes that with the rest.
    asm volatile("// care %0" ::"n"(static_cast<int>(kCare)));
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

  // Adds sums to the output, and those of the weights where they are among them.
  static __device__ __forceinline__ void promote(float (&output)[kOutputs], const Sums& sums, SoftmaxState& softmax) {
    if constexpr (Operands::kPromotes) {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] += sums[i];
      }
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        // All columns of ones hold the same.
        softmax.sum[row] += sums[kOutputs + 2 * row];
      }
    }
  }

  static __device__ __forceinline__ void clear(Sums& sums) {
#pragma unroll
    for (int i = 0; i < Operands::kSums; ++i) {
      sums[i] = 0;
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

  const AttentionArguments& arguments_;
  SharedMemory<Operands>& shared_;
  const int group_;
  int row_;  // the thread's first row in the tile; the other is 8 further
  RingPosition<kTileStages> tile_;
  RingPosition<SharedMemory<Operands>::kStages> stage_;
};

}  // namespace reelspark::hopper
