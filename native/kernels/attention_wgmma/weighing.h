// How a warpgroup makes weights of the scores of a step: what it knows of the step besides them, whether the step is a usual
// one, and the ways of all others.
#pragma once

#include "shared_memory.h"
#include "softmax.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

template <typename Operands>
class Weighing {
 protected:
  using Score = typename Operands::Score;
  static constexpr int kStepBlocks = Operands::kStepBlocks;
  static constexpr int kScores = Operands::kScores;
  static constexpr int kWeights = Operands::kWeightRegisters;
  static constexpr bool kLinear = Operands::kWeighting == Weighting::kLinear;

  __device__ Weighing(const AttentionArguments& arguments, SharedMemory<Operands>& shared, int group, int vote_barrier)
      : arguments_(arguments),
        shared_(shared),
        group_(group),
        vote_barrier_(vote_barrier),
        row_(group * kGroupQueries + threadIdx.x % kWarpgroupSize / kWarpSize * 16 + threadIdx.x % kWarpSize / 4) {
    if (Operands::kOverlap != Overlap::kTwins) {
      // Kept in a register rather than computed anew.
      asm volatile("" : "+r"(row_));
    }
  }

  __device__ const Tile& tile() const { return shared_.tiles[tile_.stage]; }

  __device__ int query(int i) const { return tile().query_block * kQueryBlock + row_ + 8 * i; }

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
    view.factors = read_factors();
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const float query_scale =
          Operands::kScaled ? shared_.query_scales[tile_.stage][row_ + 8 * i] : arguments_.score_scale;
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        view.scales[i][j] = Operands::kScaled ? query_scale * view.factors.scale[j] : query_scale;
      }
    }
    // Without a branch between the two.
    view.plain = (view.factors.kind == StepKind::kPlain) & needs_no_care(softmax, view);
    return view;
  }

  __device__ __forceinline__ StepFactors<kStepBlocks> read_factors() const {
    const auto& factors = shared_.steps[stage_.stage].factors[group_];
    if constexpr (kStepBlocks == 1) {
      // One read, where the compiler would make two.
      StepFactors<kStepBlocks> read;
      uint32_t kind;
      asm volatile("ld.volatile.shared.v2.b32 {%0, %1}, [%2];"
                   : "=f"(read.scale[0]), "=r"(kind)
                   : "r"(shared_address(&factors))
                   : "memory");
      read.kind = static_cast<StepKind>(kind);
      return read;
    } else {
      return factors;
    }
  }

  // Whether scores that are all seen need no care, and what they need otherwise.
  static __device__ __forceinline__ bool needs_no_care(const SoftmaxState& softmax, const StepView& view) {
    return !kLinear || softmax.within(view.factors.scale, 0.0f);
  }

  static __device__ __forceinline__ Care care(const SoftmaxState& softmax, const StepView& view) {
    return softmax.within(view.factors.scale, kClampedRoom - kLinearRoom) ? Care::kClamp : Care::kEach;
  }

  // Whether all scores are seen, need no care and leave the references where they are, which one vote tells.
  static __device__ __forceinline__ bool is_usual(
      const SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view) {
    StepMaxima<kStepBlocks> maxima;
    step_maxima<Visibility::kAll, kStepBlocks>(scores, view.scales, maxima);
    return !__any_sync(0xffffffff, !view.plain | softmax.template is_below<kStepBlocks>(maxima, Operands::kTolerance));
  }

  // Finds the maxima of the scores, and has the softmax follow these: `on_move` is what a move of the references asks for.
  template <typename OnMove>
  __device__ __forceinline__ void look(
      SoftmaxState& softmax, Score (&scores)[kScores], StepView& view, int& skipped, Move& move, OnMove on_move) const {
    if (view.plain) {
      StepMaxima<kStepBlocks> maxima;
      step_maxima<Visibility::kAll, kStepBlocks>(scores, view.scales, maxima);
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
      SoftmaxState& softmax, Score (&scores)[kScores], StepView& view, int& skipped, Move& move, OnMove on_move) const {
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
      view.kept = softmax.template decide<kStepBlocks>(maxima, threshold, valid, vote_barrier_);
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

  const AttentionArguments& arguments_;
  SharedMemory<Operands>& shared_;
  const int group_;
  const int vote_barrier_;
  int row_;  // the thread's first row in the tile; the other is 8 further
  RingPosition<kTileStages> tile_;
  RingPosition<SharedMemory<Operands>::kStages> stage_;
};

}  // namespace reelspark::hopper
