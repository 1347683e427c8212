// A consumer warpgroup: 64 queries of its pair's tile, over all steps of its list.
//
// Where products overlap, a warpgroup issues the scores of step j and, behind them, the values of step j - 1. It goes on with
// the maxima of step j as soon as it has the scores, while the tensor cores work on the values and then for the other
// warpgroups. These fall out of step by themselves: making them take turns at barriers costs more than it gains.
// Otherwise each goes through its steps one thing after the other.
#pragma once

#include "output.h"
#include "reach.h"
#include "value_sums.h"
#include "weighing.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

// Numbered barriers; 0 is the thread block's own. Each warpgroup has one to vote at.
constexpr int kFirstVoteBarrier = 1;

template <typename Operands, typename Out>
class Consumer : Weighing<Operands> {
  using Base = Weighing<Operands>;
  using typename Base::Score;
  using typename Base::StepView;
  using Queries = uint32_t[Operands::kQueryWords];
  using Base::kLinear, Base::kScores, Base::kStepBlocks, Base::kWeights;
  using Base::arguments_, Base::group_, Base::row_, Base::shared_, Base::stage_, Base::tile_;
  using Base::is_usual, Base::look, Base::see, Base::tile, Base::weigh;

 public:
  __device__ Consumer(const AttentionArguments& arguments, SharedMemory<Operands>& shared, int group, int vote_barrier)
      : Base(arguments, shared, group, vote_barrier) {}

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

  __device__ void attend() {
    ValueSums<Operands> sums(shared_);
    SoftmaxState softmax;
    if constexpr (kLinear) {
      softmax.reach = reach<Operands>(shared_.queries[tile_.stage], shared_.query_scales[tile_.stage], row_);
    }
    int skipped = 0;
    const int steps = (tile().blocks + kStepBlocks - 1) / kStepBlocks;
    if constexpr (Operands::kOverlap == Overlap::kTwins) {
      go_straight(steps, softmax, sums, skipped);
    } else if (steps > 0) {
      go_overlapped(steps, softmax, sums, skipped);
    }
    float output[Operands::kHeadDim / 2];
    sums.collect(softmax, output);
    write_output<Operands, Out>(arguments_, tile(), row_, softmax, output);
    count(arguments_, tile(), group_, skipped);
    release(shared_.tile_empty[tile_.stage]);
  }

  __device__ __forceinline__ void go_straight(
      int steps, SoftmaxState& softmax, ValueSums<Operands>& sums, int& skipped) {
    static_assert(!Operands::kPromotes && !Operands::kQueriesInRegisters);
#pragma unroll 1
    for (; steps > 0; --steps) {
      Score scores[kScores];
      StepView view = make_scores({}, softmax, scores);
      uint32_t weights[kWeights];
      if (__builtin_expect(is_usual(softmax, scores, view), 1)) {
        weigh_usual(softmax, scores, view, weights);
      } else {
        Move move;
        look(softmax, scores, view, skipped, move, [&] { sums.follow_finished(move); });
        weigh(softmax, scores, view, weights);
      }
      issue_values(sums, weights);
      sums.finish();
      release_stage();
    }
  }

  __device__ __forceinline__ void go_overlapped(
      int steps, SoftmaxState& softmax, ValueSums<Operands>& sums, int& skipped) {
    Queries queries;
    if constexpr (Operands::kQueriesInRegisters) {
      Operands::read_queries(queries, shared_.queries[tile_.stage], row_);
    }
    uint32_t weights[kWeights];
    weigh_first(queries, softmax, weights, skipped);
#pragma unroll 1
    for (int left = steps - 1; left > 0;) {
      // A loop of its own spares the steps the question whether sums are due.
      int run = left;
      if constexpr (Operands::kPromotes) {
        run = min(run, Operands::kPromotedSteps);
      }
      left -= run;
#pragma unroll 1
      for (; run > 0; --run) {
        go_one_step(queries, softmax, sums, weights, skipped);
      }
      sums.promote(softmax);
    }
    wait_for_stage();
    issue_values(sums, weights);
    sums.finish();
    release_stage();
  }

  // The weights of the first step, which is not a usual one: it moves the references.
  __device__ __forceinline__ void weigh_first(
      const Queries& queries, SoftmaxState& softmax, uint32_t (&weights)[kWeights], int& skipped) {
    Score scores[kScores];
    StepView view = make_scores(queries, softmax, scores);
    Move move;
    look(softmax, scores, view, skipped, move, [] {});
    release_stage();
    weigh(softmax, scores, view, weights);
  }

  // Multiplies the weights of the step before with its values, and makes those of this one.
  __device__ __forceinline__ void go_one_step(
      const Queries& queries, SoftmaxState& softmax, ValueSums<Operands>& sums, uint32_t (&weights)[kWeights],
      int& skipped) {
    Score scores[kScores];
    wait_for_stage();
    issue_scores(queries, scores);
    issue_values(sums, weights);
    // Waits for nothing. Else the compiler reads between matrix instructions, and has the next wait for what it reads.
    wgmma_wait<2>();
    StepView view = see(softmax);
    finish_scores<1>(scores);
    const bool usual = is_usual(softmax, scores, view);
    Move move;
    if (__builtin_expect(!usual, 0)) {
      look(softmax, scores, view, skipped, move, [&] { sums.follow(move); });
    }
    sums.finish();
    release_stage();
    if (__builtin_expect(usual, 1)) {
      weigh_usual(softmax, scores, view, weights);
    } else {
      wgmma_hold(weights, arguments_.next_row == nullptr);
      if (move.made) {
        sums.follow_finished(move);
      }
      weigh(softmax, scores, view, weights);
    }
  }

  // With no other matrix instructions meanwhile.
  __device__ __forceinline__ StepView make_scores(
      const Queries& queries, const SoftmaxState& softmax, Score (&scores)[kScores]) {
    wait_for_stage();
    issue_scores(queries, scores);
    const StepView view = see(softmax);
    finish_scores<0>(scores);
    return view;
  }

  static __device__ __forceinline__ void weigh_usual(
      SoftmaxState& softmax, const Score (&scores)[kScores], const StepView& view, uint32_t (&weights)[kWeights]) {
    Base::template make_weights<Care::kNone>(softmax, scores, view, weights);
  }

  __device__ void wait_for_stage() { barrier_wait(shared_address(&shared_.full[stage_.stage]), stage_.parity); }

  __device__ void release_stage() {
    release(shared_.empty[stage_.stage]);
    stage_.advance();
  }

  __device__ __forceinline__ void issue_values(ValueSums<Operands>& sums, const uint32_t (&weights)[kWeights]) const {
    sums.issue(weights, shared_address(shared_.values[stage_.stage]));
  }

  __device__ __forceinline__ void issue_scores(const Queries& words, Score (&scores)[kScores]) const {
    const uint32_t keys = shared_address(shared_.keys[stage_.stage]);
    if constexpr (Operands::kQueriesInRegisters) {
      wgmma_fence();
      Operands::issue_scores(scores, words, keys);
    } else {
      uint32_t queries = shared_address(shared_.queries[tile_.stage]) + group_ * Operands::kGroupBytes;
      // Computed at each step: the loop has no registers for what it does not change.
      asm volatile("" : "+r"(queries));
      wgmma_fence();
      Operands::issue_scores(scores, queries, keys);
    }
    wgmma_commit();
  }

  // Completes issue_scores, with kPending groups issued since.
  template <int kPending>
  __device__ __forceinline__ void finish_scores(Score (&scores)[kScores]) {
    wgmma_wait<kPending>();
    wgmma_settle(scores);
  }
};

}  // namespace reelspark::hopper
