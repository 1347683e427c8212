package org.reelspark.backend.cpu;

import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import java.util.List;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.BlockGeometry;
import org.reelspark.attention.BlockPooling;
import org.reelspark.attention.BlockPredictor;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.PooledBlocks;

/** One attention call. Key heads are numbered across the batch: {@code batch * keyHeads + head}. */
final class AttentionCall {
  private static final double LOG2_E = 1 / Math.log(2);

  private final AttentionShape shape;
  private final BlockGeometry geometry;
  private final AttentionParameters parameters;
  private final HeadRows query;
  private final HeadRows key;
  private final HeadRows value;
  private final HeadRows output;
  private final int queryHeadsPerKeyHead;

  AttentionCall(
      AttentionShape shape,
      AttentionParameters parameters,
      HeadRows query,
      HeadRows key,
      HeadRows value,
      HeadRows output) {
    this.shape = shape;
    this.geometry = new BlockGeometry(shape.queryTokens(), shape.keyTokens(), parameters.masking());
    this.parameters = parameters;
    this.query = query;
    this.key = key;
    this.value = value;
    this.output = output;
    this.queryHeadsPerKeyHead = shape.queryHeads() / shape.keyHeads();
  }

  long packedFloatsPerHead() {
    return PackedHead.floats(geometry, shape.headDimension());
  }

  void prepare(PackedHead head) {
    head.prepare(geometry, shape.headDimension());
  }

  /** Computes the query heads that read key heads {@code first} onwards, as many as packed ones. */
  AttentionStatistics run(
      WorkerPool pool, AttentionWorkspace[] workspaces, List<PackedHead> packed, int first) {
    int keyBlocks = geometry.keyBlocks();
    pool.forEachTile(
        packed.size() * keyBlocks,
        (worker, tile) -> {
          int head = first + tile / keyBlocks;
          packed
              .get(tile / keyBlocks)
              .pack(
                  key,
                  value,
                  head / shape.keyHeads(),
                  head % shape.keyHeads(),
                  tile % keyBlocks,
                  workspaces[worker.index()].valueRows);
        });
    if (predicts()) {
      pool.forEachTile(packed.size(), (worker, head) -> packed.get(head).computeMeanKey());
      pool.forEachTile(
          packed.size() * keyBlocks,
          (worker, tile) -> packed.get(tile / keyBlocks).pool(tile % keyBlocks));
    }
    int queryBlocks = geometry.queryBlocks();
    AttentionStatistics[] statistics =
        new AttentionStatistics[packed.size() * queryHeadsPerKeyHead * queryBlocks];
    pool.forEachTile(
        statistics.length,
        (worker, tile) -> {
          int head = first * queryHeadsPerKeyHead + tile / queryBlocks;
          statistics[tile] =
              attend(
                  workspaces[worker.index()],
                  packed.get(tile / queryBlocks / queryHeadsPerKeyHead),
                  head / shape.queryHeads(),
                  head % shape.queryHeads(),
                  tile % queryBlocks);
        });
    AttentionStatistics sum = AttentionStatistics.NONE;
    for (AttentionStatistics tile : statistics) {
      sum = sum.plus(tile);
    }
    return sum;
  }

  private boolean predicts() {
    return parameters.heads().stream()
        .anyMatch(head -> !(head.selection() instanceof BlockSelection.Dense));
  }

  /** One query block of one head. */
  private AttentionStatistics attend(
      AttentionWorkspace workspace, PackedHead packed, int batch, int head, int queryBlock) {
    float[] rows = workspace.queryRows;
    int first = queryBlock * QUERY_BLOCK;
    int count = geometry.queriesIn(queryBlock);
    query.read(batch, head, first, count, rows, 0);
    int[] blocks = select(rows, packed, head, queryBlock);
    float factor = (float) (parameters.scale() * LOG2_E);
    float pvThreshold = parameters.heads().get(head).pvThreshold();
    int groups = (count + QueryGroup.SIZE - 1) / QueryGroup.SIZE;
    for (int i = 0; i < groups; i++) {
      workspace.groups[i].load(rows, i * QueryGroup.SIZE, count, factor);
    }
    int leftOut = 0;
    // All groups meet a key block while it is in the cache.
    for (int block : blocks) {
      for (int i = 0; i < groups; i++) {
        int firstQuery = first + i * QueryGroup.SIZE;
        if (!workspace.groups[i].attend(packed, block, geometry, firstQuery, pvThreshold)) {
          leftOut++;
        }
      }
    }
    for (int i = 0; i < groups; i++) {
      workspace.groups[i].store(rows, i * QueryGroup.SIZE, count);
    }
    output.write(batch, head, first, count, rows);
    return new AttentionStatistics(
        geometry.admissibleBlocks(queryBlock), blocks.length, (double) leftOut / groups);
  }

  private int[] select(float[] rows, PackedHead packed, int head, int queryBlock) {
    if (parameters.heads().get(head).selection() instanceof BlockSelection.Dense) {
      return BlockPredictor.allBlocks(geometry, queryBlock);
    }
    PooledBlocks queries = PooledBlocks.allocate(1, shape.headDimension());
    BlockPooling.pool(
        rows, 0, geometry.queriesIn(queryBlock), new float[shape.headDimension()], queries, 0);
    return new BlockPredictor(geometry, parameters, head, packed.pooledKeys())
        .select(queryBlock, queries, 0);
  }
}
