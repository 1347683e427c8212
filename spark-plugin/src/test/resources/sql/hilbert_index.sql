-- Neighbours on the curve are neighbours in the grid.
SELECT hilbert_index(0, 0, 0, 2, 2, 2), hilbert_index(1, 1, 1, 2, 2, 2) BETWEEN 0 AND 7;
--> 0 | true

-- A bijection, whatever the sizes.
SELECT count(DISTINCT hilbert_index(t, h, w, 3, 5, 7)), min(hilbert_index(t, h, w, 3, 5, 7)), max(hilbert_index(t, h, w, 3, 5, 7))
FROM (SELECT CAST(id DIV 35 AS INT) t, CAST(id DIV 7 % 5 AS INT) h, CAST(id % 7 AS INT) w FROM range(105));
--> 105 | 0 | 104

SELECT hilbert_index(NULL, 0, 0, 2, 2, 2);
--> null

SELECT hilbert_index(0, 0, 2, 2, 2, 2);
--! hilbert_index(0, 0, 2, 2, 2, 2)

SELECT hilbert_index(0, 0, 0, 0, 2, 2);
--! grid sizes must be positive

SELECT hilbert_index(1, 2);
--! hilbert_index takes 6 arguments, found 2

DESCRIBE FUNCTION hilbert_index;
--> Function: hilbert_index
--> Class: org.reelspark.spark.SqlFunction
--> Usage: hilbert_index(t, h, w, frames, height, width) - Returns the place of token (t, h, w) on the Hilbert curve through a grid of frames x height x width tokens.
