package org.reelspark.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.Tensor;

/**
 * Dense and block-sparse attention. Keys and values are packed once per call onto the Java heap,
 * where the Vector API loads fastest on every supported JDK; the packed memory is kept for the next
 * call. A long sequence is packed a few heads at a time.
 */
final class CpuAttention {
  /** Floats of packed keys and values at a time, unless a single head needs more. */
  private static final long PACKED_FLOATS = 16 << 20;

  private final WorkerPool pool;
  private final AttentionKernel kernel;
  private final AttentionWorkspace[] workspaces;
  private final List<PackedHead> packedHeads = new ArrayList<>();

  CpuAttention(WorkerPool pool, AttentionKernel kernel) {
    this.pool = pool;
    this.kernel = kernel;
    this.workspaces = new AttentionWorkspace[pool.threads()];
  }

  AttentionStatistics attention(
      AttentionInputs inputs, AttentionParameters parameters, Tensor out) {
    HeadRows query = HeadRows.of(inputs.query(), inputs.layout());
    HeadRows key = HeadRows.of(inputs.key(), inputs.layout());
    HeadRows value = HeadRows.of(inputs.value(), inputs.layout());
    HeadRows output = HeadRows.of(out, inputs.layout());
    Checks.sameShape(inputs.key(), inputs.value());
    Checks.sameShape(inputs.query(), out);
    Checks.disjoint(out, inputs.query());
    Checks.disjoint(out, inputs.key());
    Checks.disjoint(out, inputs.value());
    Checks.size("key batch", query.batch(), key.batch());
    Checks.size("key head dimension", query.dimension(), key.dimension());
    AttentionShape shape =
        new AttentionShape(
            query.batch(),
            query.heads(),
            key.heads(),
            query.tokens(),
            key.tokens(),
            query.dimension());
    parameters.checkHeads(shape.queryHeads());
    prepareWorkspaces(shape.headDimension());
    AttentionCall call = new AttentionCall(shape, parameters, query, key, value, output);
    AttentionStatistics statistics = AttentionStatistics.NONE;
    int keyHeads = shape.batch() * shape.keyHeads();
    long fitting = PACKED_FLOATS / Math.max(1, call.packedFloatsPerHead());
    int atOnce = (int) Math.max(1, Math.min(keyHeads, fitting));
    for (int first = 0; first < keyHeads; first += atOnce) {
      int count = Math.min(atOnce, keyHeads - first);
      statistics = statistics.plus(call.run(pool, workspaces, packedHeads(call, count), first));
    }
    return statistics;
  }

  private void prepareWorkspaces(int dimension) {
    for (int i = 0; i < workspaces.length; i++) {
      if (workspaces[i] == null || workspaces[i].dimension() != dimension) {
        workspaces[i] = new AttentionWorkspace(kernel, dimension);
      }
    }
  }

  private List<PackedHead> packedHeads(AttentionCall call, int count) {
    while (packedHeads.size() < count) {
      packedHeads.add(new PackedHead());
    }
    List<PackedHead> heads = packedHeads.subList(0, count);
    heads.forEach(call::prepare);
    return heads;
  }
}
