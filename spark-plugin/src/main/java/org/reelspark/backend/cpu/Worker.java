package org.reelspark.backend.cpu;

/** What one thread of a {@link WorkerPool} owns. */
final class Worker implements AutoCloseable {
  private final int index;
  private final ScratchArena scratch = new ScratchArena();

  Worker(int index) {
    this.index = index;
  }

  /** Place in the pool, from 0. */
  int index() {
    return index;
  }

  /** Memory for the tile at hand; everything in it is given back when the tile is done. */
  ScratchArena scratch() {
    return scratch;
  }

  void run(WorkerPool.TileTask task, int tile) {
    scratch.reset();
    task.run(this, tile);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
