package org.reelspark.attention;

import java.util.Arrays;
import org.reelspark.attention.BlockSelection.Dense;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;

/**
 * Chooses the key blocks that each query block of one head attends to (SpargeAttn, section 3.3).
 * Every backend's choice is defined by this class.
 *
 * <p>The score of a pair of blocks is {@code scale * (pooled query . pooled smoothed key)}. The
 * scores of a row become probabilities by a softmax over its admissible, self-similar key blocks,
 * and {@link BlockSelection} picks among those; of equal scores the lower block index comes first.
 * Always kept are, as far as masking admits them: key blocks that are not self-similar ({@code
 * similarity <= threshold}, or NaN), pairs whose score is not finite, every block of a row whose
 * query block is not self-similar, the first block with {@link AttentionSink#FIRST_BLOCK}, the
 * diagonal of a causal mask, and blocks with kept key tokens.
 */
public final class BlockPredictor {
  private final BlockGeometry geometry;
  private final AttentionParameters parameters;
  private final HeadParameters head;
  private final PooledBlocks keys;

  /**
   * @param head the query head whose parameters apply
   * @param keys key blocks, pooled about the mean of all keys; not read for dense selection
   */
  public BlockPredictor(
      BlockGeometry geometry, AttentionParameters parameters, int head, PooledBlocks keys) {
    this.geometry = geometry;
    this.parameters = parameters;
    this.head = parameters.heads().get(head);
    this.keys = keys;
  }

  /** Every admissible key block of a row, ascending: what dense selection chooses. */
  public static int[] allBlocks(BlockGeometry geometry, int queryBlock) {
    int[] blocks = new int[geometry.admissibleBlocks(queryBlock)];
    Arrays.setAll(blocks, i -> i);
    return blocks;
  }

  /**
   * The key blocks of one row, ascending.
   *
   * @param queries pooled query blocks; not read for dense selection
   * @param place of the row's query block among them
   */
  public int[] select(int queryBlock, PooledBlocks queries, int place) {
    if (head.selection() instanceof Dense
        || !(queries.similarities()[place] > head.similarityThreshold())) {
      return allBlocks(geometry, queryBlock);
    }
    int admissible = geometry.admissibleBlocks(queryBlock);
    RankedBlocks ranked = rank(admissible, queries, place);
    boolean[] chosen = alwaysKept(queryBlock, admissible);
    for (int block : ranked.unranked()) {
      chosen[block] = true;
    }
    int count = count(ranked, admissible);
    for (int rank = 0; rank < count; rank++) {
      chosen[ranked.block(rank)] = true;
    }
    return indicesOf(chosen);
  }

  /** The row's scored blocks by descending probability. */
  RankedBlocks rank(int admissible, PooledBlocks queries, int place) {
    float[] scores = new float[admissible];
    for (int block = 0; block < admissible; block++) {
      boolean similar = keys.similarities()[block] > head.similarityThreshold();
      scores[block] = similar ? score(queries, place, block) : Float.NaN;
    }
    return RankedBlocks.of(scores);
  }

  private float score(PooledBlocks queries, int place, int block) {
    float sum = 0;
    int dimension = keys.dimension();
    for (int i = 0; i < dimension; i++) {
      sum += queries.means()[place * dimension + i] * keys.means()[block * dimension + i];
    }
    return sum * parameters.scale();
  }

  private int count(RankedBlocks ranked, int admissible) {
    if (head.selection() instanceof TopCdf topCdf) {
      return ranked.countReaching(topCdf.threshold());
    }
    TopK topK = (TopK) head.selection();
    // In float, so that a fraction of 0.1 of ten blocks is one block.
    return Math.min(ranked.size(), (int) Math.ceil(topK.fraction() * admissible));
  }

  private boolean[] alwaysKept(int queryBlock, int admissible) {
    boolean[] kept = new boolean[admissible];
    if (parameters.sink() == AttentionSink.FIRST_BLOCK && admissible > 0) {
      kept[0] = true;
    }
    int firstKept = geometry.firstDiagonalBlock(queryBlock);
    if (parameters.keptKeyTokens() > 0) {
      int firstToken = Math.max(0, geometry.keyTokens() - parameters.keptKeyTokens());
      firstKept = Math.min(firstKept, firstToken / AttentionParameters.KEY_BLOCK);
    }
    for (int block = firstKept; block < admissible; block++) {
      kept[block] = true;
    }
    return kept;
  }

  private static int[] indicesOf(boolean[] chosen) {
    int[] indices = new int[chosen.length];
    int count = 0;
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        indices[count++] = i;
      }
    }
    return Arrays.copyOf(indices, count);
  }
}
