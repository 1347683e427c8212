package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearTilesTest {
  @ParameterizedTest
  @CsvSource({"0,5", "1,1", "1,6144", "64,256", "65,1025", "1000,1000", "4352,1024", "9999,3000"})
  void tilesCoverTheMatrixOnce(long rows, long columns) {
    LinearTiles tiles = LinearTiles.of(rows, columns);
    long covered = 0;
    for (int i = 0; i < tiles.count(); i++) {
      LinearTile tile = tiles.tile(i);
      assertThat(tile.rows()).isPositive();
      assertThat(tile.columns()).isPositive();
      assertThat(tile.fromRow() + tile.rows()).isLessThanOrEqualTo(rows);
      assertThat(tile.fromColumn() + tile.columns()).isLessThanOrEqualTo(columns);
      covered += (long) tile.rows() * tile.columns();
    }
    assertThat(covered).isEqualTo(rows * columns);
  }

  @Test
  void theSampleModelsTokensShareOutEvenly() {
    LinearTiles tiles = LinearTiles.of(4352, 256);
    assertThat(tiles.count()).isEqualTo(8);
    assertThat(tiles.tile(7).rows()).isEqualTo(tiles.tile(0).rows());
  }

  @Test
  void oneRowIsSharedOutByColumns() {
    assertThat(LinearTiles.of(1, 6144).count()).isEqualTo(24);
  }
}
