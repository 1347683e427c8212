// A consumer warpgroup: 64 queries of the block's tile, over all steps of its list.
//
// Overlap::kTurns: the two warpgroups take turns at the tensor cores: one issues the values of step j - 1 and the scores of
// step j while the other works on its softmax. Only the order of issue is enforced, by a pair of numbered barriers.
// Overlap::kBlocks: each warpgroup goes through its steps one thing after the other; there are more of them.
#pragma once

#include "output.h"
#include "shared_memory.h"
#include "softmax.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

// Numbered barriers; 0 is the block's own. Each warpgroup has its own of each kind.
constexpr int kTurnBarrier = 1;
constexpr int kVoteBarrier = kTurnBarrier + kGroups;
constexpr int kConsumers = kGroups * kWarpgroupSize;

template <typename Operands, typename Out>
class Consumer {
  using Score = typename Operands::Score;
  static constexpr bool kTurns = Operands::kOverlap == Overlap::kTurns;
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
    if (kTurns) {
      // Kept in a register rather than computed anew.
      asm volatile("" : "+r"(row_));
    }
  }

  __device__ void run() {
    if (kTurns && group_ == 1) {
      pass_turn();
    }
    while (true) {
      barrier_wait(shared_address(&shared_.tile_full[tile_.stage]), tile_.parity);
      if (tile().blocks == kNoMoreTiles) {
        break;
      }
      attend();
      tile_.advance();
    }
    // Takes the last turn, so that no barrier is left half full.
    if (kTurns && group_ == 0) {
      take_turn();
    }
  }

 private:
  __device__ void take_turn() { numbered_wait(kTurnBarrier + group_, kConsumers); }
  __device__ void pass_turn() { numbered_arrive(kTurnBarrier + (group_ ^ 1), kConsumers); }

  // One arrival for each warp, after all its lanes are done.
  static __device__ void release(const uint64_t& barrier) {
    __syncwarp();
    if (threadIdx.x % kWarpSize == 0) {
      barrier_arrive(shared_address(&barrier));
    }
  }

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
    if constexpr (kTurns) {
      go_by_turns(steps, softmax, scores, weights, output, skipped);
    } else {
      go_straight(steps, softmax, scores, weights, output, skipped);
    }
    write_output<Out>(arguments_, tile(), row_, softmax, output, Operands::kWeightExponent);
    count(tile(), skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  __device__ __forceinline__ void go_by_turns(
      int steps, SoftmaxState& softmax, Score (&scores)[kScores], uint32_t (&weights)[Operands::kWeightRegisters],
      float (&output)[kOutputs], int& skipped) {
    if (steps == 0) {
      return;
    }
    wait_for_stage();
    take_turn();
    issue_scores(scores);
    pass_turn();
    finish_scores(scores);
    bool kept = weigh(softmax, scores, output, skipped, weights);
#pragma unroll 1
    for (int i = 1; i < steps; ++i) {
      wait_for_stage();
      take_turn();
      // Whole sequences in each branch: the compiler runs matrix instructions one by one when a branch may join while
      // some are in flight.
      if (kept) {
        float sums[kSums];
        issue_values(output, sums, weights);
        issue_scores(scores);
        pass_turn();
        finish_values<1>(output, sums);
        finish_scores(scores);
      } else {
        issue_scores(scores);
        pass_turn();
        finish_scores(scores);
      }
      kept = weigh(softmax, scores, output, skipped, weights);
    }
    wait_for_stage();
    if (kept) {
      float sums[kSums];
      issue_values(output, sums, weights);
      finish_values<0>(output, sums);
    }
    release_stage();
  }

  __device__ __forceinline__ void go_straight(
      int steps, SoftmaxState& softmax, Score (&scores)[kScores], uint32_t (&weights)[Operands::kWeightRegisters],
      float (&output)[kOutputs], int& skipped) {
#pragma unroll 1
    for (int i = 0; i < steps; ++i) {
      wait_for_stage();
      issue_scores(scores);
      finish_scores(scores);
      if (weigh(softmax, scores, output, skipped, weights)) {
        float sums[kSums];
        issue_values(output, sums, weights);
        finish_values<0>(output, sums);
      }
      release_stage();
    }
  }

  // Makes weights of the scores of the stage's keys; false when the threshold leaves out the whole step. Where warpgroups
  // take turns it releases the stage too, whose values were used with its keys.
  __device__ __forceinline__ bool weigh(
      SoftmaxState& softmax, const Score (&scores)[kScores], float (&output)[kOutputs], int& skipped,
      uint32_t (&weights)[Operands::kWeightRegisters]) {
    const StepFactors<kStepBlocks> factors = shared_.steps[stage_.stage].factors[group_];
    StepScales<kStepBlocks> scales;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const float query_scale =
          Operands::kScaled ? shared_.query_scales[tile_.stage][row_ + 8 * i] : arguments_.score_scale;
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        scales[i][j] = query_scale * factors.scale[j];
      }
    }
    if (factors.kind == StepKind::kPlain) {
      leave_stage();
      StepMaxima<kStepBlocks> maxima;
      step_maxima<Visibility::kAll, kStepBlocks>(scores, scales, {}, maxima);
      softmax.template follow<kStepBlocks>(maxima, Operands::kTolerance, output);
      softmax.template weigh<Visibility::kAll, Operands>(scores, scales, {}, all_kept(), weights);
      return true;
    }
    int32_t ids[kStepBlocks];
#pragma unroll
    for (int j = 0; j < kStepBlocks; ++j) {
      ids[j] = shared_.steps[stage_.stage].id[j];
    }
    leave_stage();
    if (factors.kind == StepKind::kThreshold) {
      return weigh_with_care<Visibility::kAll>(softmax, scores, scales, {}, ids, output, skipped, weights);
    }
    StepVisible<kStepBlocks> visible;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int keys = static_cast<int>(
          visible_keys(query(i), arguments_.query_tokens, arguments_.key_tokens, arguments_.masking));
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        visible.keys[i][j] = ids[j] == kNoBlock ? 0 : keys - ids[j] * kKeyBlock;
      }
    }
    return weigh_with_care<Visibility::kSome>(softmax, scores, scales, visible, ids, output, skipped, weights);
  }

  static __device__ __forceinline__ Kept<kStepBlocks> all_kept() {
    Kept<kStepBlocks> kept;
#pragma unroll
    for (int j = 0; j < kStepBlocks; ++j) {
      kept.block[j] = true;
    }
    return kept;
  }

  template <Visibility kVisibility>
  __device__ __forceinline__ bool weigh_with_care(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepScales<kStepBlocks>& scales, const StepVisible<kStepBlocks>& visible,
      const int32_t (&ids)[kStepBlocks], float (&output)[kOutputs], int& skipped,
      uint32_t (&weights)[Operands::kWeightRegisters]) const {
    StepMaxima<kStepBlocks> maxima;
    step_maxima<kVisibility, kStepBlocks>(scores, scales, visible, maxima);
    Kept<kStepBlocks> kept = all_kept();
    const float threshold = tile().threshold;
    if (threshold < INFINITY) {
      const bool valid[kRows] = {query(0) < arguments_.query_tokens, query(1) < arguments_.query_tokens};
      kept = softmax.template decide<kStepBlocks>(maxima, threshold, valid, kVoteBarrier + group_);
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        skipped += !kept.block[j] && ids[j] != kNoBlock;
      }
      if (!kept.any()) {
        return false;
      }
    }
    // The threshold is about maxima: the reference follows them exactly.
    softmax.template follow<kStepBlocks>(maxima, threshold < INFINITY ? 0.0f : Operands::kTolerance, output);
    softmax.template weigh<kVisibility, Operands>(scores, scales, visible, kept, weights);
    return true;
  }

  __device__ void wait_for_stage() { barrier_wait(shared_address(&shared_.full[stage_.stage]), stage_.parity); }

  __device__ void leave_stage() {
    if (kTurns) {
      release_stage();
    }
  }

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

  // Completes issue_values, with kPending groups issued since.
  template <int kPending>
  __device__ __forceinline__ void finish_values(float (&output)[kOutputs], float (&sums)[kSums]) {
    wgmma_wait<kPending>();
    if constexpr (Operands::kPromotes) {
      wgmma_settle(sums);
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] += sums[i];
      }
    } else {
      wgmma_settle(output);
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

  __device__ __forceinline__ void finish_scores(Score (&scores)[kScores]) {
    wgmma_wait<0>();
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
