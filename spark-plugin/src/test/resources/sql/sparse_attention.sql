-- One key: its value, whatever the scores.
SELECT CAST(sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2) AS STRING);
--> [3.0, 4.0]

-- Equal scores: the mean of the values.
SELECT CAST(sparse_attention(array(1, 1), array(0, 0, 0, 0), array(1, 2, 3, 4), 2) AS STRING);
--> [2.0, 3.0]

-- Causal: the first token sees itself only.
SELECT CAST(slice(sparse_attention(array(0, 0, 0, 0), array(0, 0, 0, 0), array(1, 2, 3, 4), 2, map('causal', true)), 1, 2) AS STRING);
--> [1.0, 2.0]

-- Two query heads read one key head.
SELECT CAST(sparse_attention(array(1, 0, 0, 1), array(1, 0), array(3, 4), 2, map('heads', 2, 'key_heads', 1)) AS STRING);
--> [3.0, 4.0, 3.0, 4.0]

-- Beside a fraction SQL makes the number of heads a decimal.
SELECT CAST(sparse_attention(array(1, 0, 0, 1), array(1, 0, 0, 1), array(3, 4, 3, 4), 2, map('heads', 2, 'top_cdf', 0.9)) AS STRING);
--> [3.0, 4.0, 3.0, 4.0]

-- The one admissible block is kept whatever the thresholds.
SELECT CAST(sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2, map('top_cdf', 0.5)) AS STRING);
--> [3.0, 4.0]

SELECT sparse_attention(NULL, array(1, 0), array(3, 4), 2);
--> null

SELECT sparse_attention(array(1, 0, 3), array(1, 0), array(3, 4), 2);
--! q must hold tokens of 1 heads x 2 values, found 3 values

SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4, 5, 6), 2);
--! k and v must have the same length, found 2 and 4 values

SELECT sparse_attention(array(1, NULL), array(1, 0), array(3, 4), 2);
--! q has a null at place 1

SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4), 0);
--! head_dimension must be positive, found 0

SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2, map('topk', 0.5));
--! unknown option 'topk'; did you mean 'top_k'?

SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2, map('top_k', 1.5));
--! TopK fraction must be in (0, 1], found 1.5

SELECT sparse_attention(array(1, 0), array(1, 0), array(3, 4), 2, map('top_k', 0.5, 'top_cdf', 0.5));
--! give top_cdf or top_k, not both
