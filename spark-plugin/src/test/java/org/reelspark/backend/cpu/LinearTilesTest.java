package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearTilesTest {
  @ParameterizedTest
  @CsvSource({
    "1,0,5",
    "1,1,1",
    "1,1,6144",
    "1,64,256",
    "1,65,1025",
    "1,1000,1000",
    "1,4352,1024",
    "1,9999,3000",
    "5,7,33",
    "3,700,1100"
  })
  void tilesCoverEachFrameOnce(long frames, long rows, long columns) {
    LinearTiles tiles = LinearTiles.of(frames, rows, columns);
    long[] covered = new long[(int) frames];
    for (int i = 0; i < tiles.count(); i++) {
      LinearTile tile = tiles.tile(i);
      assertThat(tile.rows()).isPositive();
      assertThat(tile.columns()).isPositive();
      long frame = tile.fromRow() / rows;
      assertThat(tile.fromRow() + tile.rows()).isLessThanOrEqualTo((frame + 1) * rows);
      assertThat(tile.fromColumn() + tile.columns()).isLessThanOrEqualTo(columns);
      covered[(int) frame] += (long) tile.rows() * tile.columns();
    }
    assertThat(covered).containsOnly(rows * columns);
  }

  @Test
  void everyFrameIsCutAsTheFirst() {
    LinearTiles tiles = LinearTiles.of(3, 700, 40);
    int ofFrame = tiles.count() / 3;
    for (int i = ofFrame; i < tiles.count(); i++) {
      LinearTile first = tiles.tile(i % ofFrame);
      assertThat(tiles.tile(i))
          .isEqualTo(
              new LinearTile(
                  first.fromRow() + i / ofFrame * 700L,
                  first.rows(),
                  first.fromColumn(),
                  first.columns()));
    }
  }

  @Test
  void theSampleModelsTokensShareOutEvenly() {
    LinearTiles tiles = LinearTiles.of(1, 4352, 256);
    assertThat(tiles.count()).isEqualTo(8);
    assertThat(tiles.tile(7).rows()).isEqualTo(tiles.tile(0).rows());
  }

  @Test
  void oneRowIsSharedOutByColumns() {
    assertThat(LinearTiles.of(1, 1, 6144).count()).isEqualTo(24);
  }
}
