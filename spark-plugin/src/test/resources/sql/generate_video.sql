SELECT v.status, v.uri, length(v.bytes) = v.byte_size, v.byte_size > 500, v.width, v.height, v.frames, v.fps, v.seed, v.steps, v.tokens, v.error, v.attempts
FROM (SELECT generate_video('a red square moves right', map('width', 64, 'height', 64, 'frames', 9, 'steps', 2, 'seed', 7)) v);
--> generated | null | true | true | 64 | 64 | 9 | 16.0 | 7 | 2 | 192 | null | 1

-- The same request twice gives the same bytes; another seed, others.
SELECT count(DISTINCT v.bytes), count(*)
FROM (SELECT generate_video('a red square moves right', map('width', 64, 'height', 64, 'frames', 9, 'steps', 1, 'seed', seed)) v FROM VALUES (1), (2), (1) AS t(seed));
--> 2 | 3

SELECT v.status, v.key, v.error.class, v.error.code, v.attempts FROM (SELECT generate_video(CAST(NULL AS STRING)) v);
--> failed | null | ROW | INVALID_PROMPT | 0

SELECT v.status, v.error.code FROM (SELECT generate_video(prompt) v FROM VALUES (''), ('   '), (repeat('a', 102400)) AS t(prompt));
--> failed | INVALID_PROMPT
--> failed | INVALID_PROMPT
--> failed | INVALID_PROMPT

SELECT v.status, v.error.code, v.error.message LIKE "%did you mean 'steps'%" FROM (SELECT generate_video('a red square moves right', map('step', 2)) v);
--> failed | INVALID_OPTION | true

SELECT v.error.code FROM (SELECT generate_video('a red square moves right', options) v
FROM VALUES (map('width', 65)), (map('frames', 0)), (map('frames', -4)), (map('frames', 8)), (map('width', 16384, 'height', 16384)) AS t(options));
--> INVALID_SIZE
--> INVALID_SIZE
--> INVALID_SIZE
--> INVALID_SIZE
--> TOKEN_BUDGET_EXCEEDED

SELECT v.error.code, v.error.message FROM (SELECT generate_video('a red square moves right', map('width', 8, 'height', 16, 'frames', 1)) v);
--> INVALID_SIZE | 8 x 16 pixels are too small for the format mp4_h264, which needs 16 on each side; choose a larger size or another format

SELECT generate_video('a', map(), 'b');
--! generate_video takes 1 to 2 arguments, found 3
