// A consumer warpgroup: 64 queries of the block's tile, over all steps of its list.
//
// The two warpgroups take turns at the tensor cores: one issues the values of step j - 1 and the scores of step j while
// the other works on its softmax. Only the order of issue is enforced, by a pair of numbered barriers.
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
  static constexpr int kOutputs = Operands::kHeadDim / 2;
  static constexpr int kSums = Operands::kPromotes ? kOutputs : 1;

 public:
  __device__ Consumer(const AttentionArguments& arguments, SharedMemory<Operands>& shared, int group)
      : arguments_(arguments), shared_(shared), group_(group) {}

  __device__ void run() {
    if (group_ == 1) {
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
    if (group_ == 0) {
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

  // The thread's first row in the tile; the other is 8 further.
  __device__ int row() const {
    return group_ * kGroupQueries + threadIdx.x % kWarpgroupSize / kWarpSize * 16 + threadIdx.x % kWarpSize / 4;
  }

  __device__ int query(int i) const { return tile().query_block * kQueryBlock + row() + 8 * i; }

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
    if (steps > 0) {
      float sums[kSums];
      StepBlocks step = wait_for_keys();
      take_turn();
      issue_scores(scores);
      pass_turn();
      finish_scores(scores);
      bool kept = weigh(step, softmax, scores, skipped, weights);
#pragma unroll 1
      for (int i = 1; i < steps; ++i) {
        step = wait_for_keys();
        wait_for_values();
        take_turn();
        // Whole sequences in each branch: the compiler runs matrix instructions one by one when a branch may join while
        // some are in flight.
        if (kept) {
          issue_values(softmax, output, sums, weights);
          issue_scores(scores);
          pass_turn();
          finish_values<1>(softmax, output, sums);
          finish_scores(scores);
        } else {
          issue_scores(scores);
          pass_turn();
          release(shared_.values_empty[keys_.previous().stage]);
          finish_scores(scores);
        }
        kept = weigh(step, softmax, scores, skipped, weights);
      }
      wait_for_values();
      if (kept) {
        issue_values(softmax, output, sums, weights);
        finish_values<0>(softmax, output, sums);
      } else {
        release(shared_.values_empty[keys_.previous().stage]);
      }
    }
    write_output<Out>(arguments_, tile(), row(), softmax, output, Operands::kWeightExponent);
    count(tile(), skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  // Makes weights of the scores; false when the threshold leaves out the whole step.
  __device__ __forceinline__ bool weigh(
      const StepBlocks& step, SoftmaxState& softmax, const Score (&scores)[kScores], int& skipped,
      uint32_t (&weights)[Operands::kWeightRegisters]) const {
    StepScales scales;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const float query_scale =
          Operands::kScaled ? shared_.query_scales[tile_.stage][row() + 8 * i] : arguments_.score_scale;
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        scales[i][j] = query_scale * step.scale[j];
      }
    }
    // Ids ascend: when the second block is wholly visible, so is the first.
    const bool all = step.id[1] != kNoBlock && (step.id[1] + 1) * kKeyBlock <= tile().all_visible[group_];
    if (all) {
      return weigh_step<Visibility::kAll>(step, softmax, scores, scales, {}, skipped, weights);
    }
    StepVisible visible;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int keys = static_cast<int>(
          visible_keys(query(i), arguments_.query_tokens, arguments_.key_tokens, arguments_.masking));
#pragma unroll
      for (int j = 0; j < kStepBlocks; ++j) {
        visible[i][j] = step.id[j] == kNoBlock ? 0 : keys - step.id[j] * kKeyBlock;
      }
    }
    return weigh_step<Visibility::kSome>(step, softmax, scores, scales, visible, skipped, weights);
  }

  template <Visibility kVisibility>
  __device__ __forceinline__ bool weigh_step(
      const StepBlocks& step, SoftmaxState& softmax, const Score (&scores)[kScores], const StepScales& scales,
      const StepVisible& visible, int& skipped, uint32_t (&weights)[Operands::kWeightRegisters]) const {
    float greatest[kRows][kStepBlocks];
    SoftmaxState::block_maxima<kVisibility>(scores, scales, visible, greatest);
    Kept kept{{true, true}};
    const float threshold = tile().threshold;
    if (threshold < INFINITY) {
      const bool valid[kRows] = {query(0) < arguments_.query_tokens, query(1) < arguments_.query_tokens};
      kept = softmax.decide(greatest, threshold, valid, kVoteBarrier + group_);
      skipped += !kept.block[0];
      skipped += !kept.block[1] && step.id[1] != kNoBlock;
      if (!kept.any()) {
        return false;
      }
    }
    softmax.template weigh<kVisibility, Operands>(scores, scales, visible, greatest, kept, weights);
    return true;
  }

  __device__ StepBlocks wait_for_keys() {
    barrier_wait(shared_address(&shared_.keys_full[keys_.stage]), keys_.parity);
    return shared_.steps[keys_.stage];
  }

  __device__ void wait_for_values() {
    const auto values = keys_.previous();
    barrier_wait(shared_address(&shared_.values_full[values.stage]), values.parity);
  }

  // Issues weights times values: into sums of their own where these are promoted, otherwise onto the corrected output.
  __device__ __forceinline__ void issue_values(
      const SoftmaxState& softmax, float (&output)[kOutputs], float (&sums)[kSums],
      const uint32_t (&weights)[Operands::kWeightRegisters]) {
    const uint32_t values = shared_address(shared_.values[keys_.previous().stage]);
    if constexpr (Operands::kPromotes) {
      wgmma_fence();
      Operands::issue_values(sums, weights, values);
    } else {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] *= softmax.correction[i / 2 % 2];
      }
      wgmma_fence();
      Operands::issue_values(output, weights, values);
    }
    wgmma_commit();
  }

  // Completes issue_values, with kPending groups issued since.
  template <int kPending>
  __device__ __forceinline__ void finish_values(
      const SoftmaxState& softmax, float (&output)[kOutputs], float (&sums)[kSums]) {
    wgmma_wait<kPending>();
    if constexpr (Operands::kPromotes) {
      wgmma_settle(sums);
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] = fmaf(output[i], softmax.correction[i / 2 % 2], sums[i]);
      }
    } else {
      wgmma_settle(output);
    }
    release(shared_.values_empty[keys_.previous().stage]);
  }

  __device__ __forceinline__ void issue_scores(Score (&scores)[kScores]) {
    uint32_t queries = shared_address(shared_.queries[tile_.stage]) + group_ * Operands::kGroupBytes;
    // Computed at each step: the loop has no registers for what it does not change.
    asm volatile("" : "+r"(queries));
    wgmma_fence();
    Operands::issue_scores(scores, queries, shared_address(shared_.keys[keys_.stage]));
    wgmma_commit();
  }

  __device__ __forceinline__ void finish_scores(Score (&scores)[kScores]) {
    wgmma_wait<0>();
    wgmma_settle(scores);
    release(shared_.keys_empty[keys_.stage]);
    keys_.advance();
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
  RingPosition<kTileStages> tile_;
  // Of the keys; the values that are worked on are those one step before.
  RingPosition<SharedMemory<Operands>::kStages> keys_;
};

}  // namespace reelspark::hopper
