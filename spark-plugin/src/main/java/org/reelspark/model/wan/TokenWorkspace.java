package org.reelspark.model.wan;

import org.reelspark.attention.Grid;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * What a forward needs that depends on the grid alone: token order, positions, and memory for S
 * tokens of width d: F32 for patches and the residual stream, else the backend's activation type.
 * It is made once per run, so that steps allocate nothing.
 *
 * @param order {@code order[i]} is the row-major index of token i
 * @param positions in token order
 * @param patches cut from the latents, and later what they are put together from, {@code [S, C * pt
 *     * ph * pw]}
 * @param tokens the residual stream, {@code [S, d]}
 * @param branch normalised tokens, later the result of attention, {@code [S, d]}
 * @param query {@code [S, d]}
 * @param key {@code [S, d]}
 * @param value {@code [S, d]}
 * @param hidden inside the feed-forward layers, {@code [S, feed-forward dimension]}; shares the
 *     memory of query, key and value, which are no longer needed then
 * @param result the tokens that the velocity is projected from, F32 {@code [S, d]}; shares that
 *     memory too
 */
record TokenWorkspace(
    int[] order,
    RotaryTable positions,
    Tensor patches,
    Tensor tokens,
    Tensor branch,
    Tensor query,
    Tensor key,
    Tensor value,
    Tensor hidden,
    Tensor result) {

  static TokenWorkspace allocate(
      WanTransformerConfig config, Grid grid, TokenOrder tokenOrder, RunMemory memory) {
    int[] order = tokenOrder.permutation(grid);
    long count = grid.tokens();
    long d = config.dimension();
    long feedForward = config.feedForwardDimension();
    Tensor shared = memory.allocateActivations(count, Math.max(3 * d, feedForward));
    return new TokenWorkspace(
        order,
        RotaryPositions.table(grid, order, config.headDimension(), memory),
        memory.allocate(count, (long) config.patch().volume() * config.inChannels()),
        memory.allocate(count, d),
        memory.allocateActivations(count, d),
        part(shared, 0, count, d),
        part(shared, count * d, count, d),
        part(shared, 2 * count * d, count, d),
        part(shared, 0, count, feedForward),
        // Of 3d elements at least, which have room for d of twice the size.
        Tensor.view(DType.F32, Shape.of(count, d), shared.memory(), 0));
  }

  private static Tensor part(Tensor whole, long firstElement, long rows, long columns) {
    return Tensor.view(
        whole.dtype(),
        Shape.of(rows, columns),
        whole.memory(),
        firstElement * whole.dtype().bytes());
  }
}
