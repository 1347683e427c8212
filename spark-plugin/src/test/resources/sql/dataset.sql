-- The query that creates a table makes its videos; its rows are their manifest.
CREATE TABLE clips USING reelspark
OPTIONS (model '${model}', width 32, height 32, frames 5, steps 1)
LOCATION '${directory}/clips'
AS SELECT * FROM VALUES (1, 'a red circle moves up'), (2, '') AS t(id, prompt);
--> (none)

SELECT get_json_object(input, '$.id') id, prompt, status, width, frames, steps, arithmetic, uri LIKE '%/clips/%.mp4', error.code FROM clips ORDER BY id;
--> 1 | a red circle moves up | generated | 32 | 5 | 1 | cpu f32 | true | null
--> 2 |  | failed | null | null | null | null | null | INVALID_PROMPT

SELECT typeof(timings), typeof(error), typeof(run) FROM clips LIMIT 1;
--> struct<text_ms:bigint,denoise_ms:bigint,decode_ms:bigint,encode_ms:bigint,write_ms:bigint> | struct<class:string,code:string,message:string> | string

-- Videos that are there load without options, as a table or as a view.
CREATE TABLE same_clips USING reelspark LOCATION '${directory}/clips';
--> (none)

SELECT count(*) FROM same_clips;
--> 2

CREATE TEMPORARY VIEW clips_view USING reelspark OPTIONS (path '${directory}/clips');
--> (none)

SELECT status, count(*) FROM clips_view GROUP BY status ORDER BY status;
--> failed | 1
--> generated | 1

-- The path of a query alone is Spark's for file formats.
SELECT * FROM reelspark.`${directory}/clips`;
--! Unsupported data source type for direct query on files: reelspark

-- A second query on a directory that holds videos would drop them.
CREATE TABLE more_clips USING reelspark OPTIONS (model '${model}') LOCATION '${directory}/clips' AS SELECT 'a blue square moves left' prompt;
--! ${directory}/clips

SET spark.sql.legacy.allowNonEmptyLocationInCTAS=true;
--> spark.sql.legacy.allowNonEmptyLocationInCTAS | true

-- Unless it is told to, as after a run that was cut off: then it makes what is missing.
CREATE TABLE more_clips USING reelspark
OPTIONS (model '${model}', width 32, height 32, frames 5, steps 1)
LOCATION '${directory}/clips'
AS SELECT * FROM VALUES ('a red circle moves up'), ('a blue square moves left') AS t(prompt);
--> (none)

SELECT prompt, status FROM more_clips ORDER BY prompt;
--> a blue square moves left | generated
--> a red circle moves up | skipped

-- A table that is dropped leaves the videos of its location.
DROP TABLE more_clips;
--> (none)

SELECT count(*) FROM same_clips;
--> 2

-- Rows that are inserted are requests; the options are the table's.
CREATE TABLE requests USING reelspark
OPTIONS (model '${model}', width 32, height 32, frames 5, steps 1)
LOCATION '${directory}/requests';
--> (none)

SELECT * FROM requests;
--> (none)

INSERT INTO requests (prompt, seed, input) VALUES ('a green cross moves down', 7, '{"id": 3}'), ('', NULL, NULL);
--> (none)

SELECT prompt, seed, get_json_object(input, '$.id') id, status, width, steps, error.code FROM requests ORDER BY prompt;
-->  | null | null | failed | null | null | INVALID_PROMPT
--> a green cross moves down | 7 | 3 | generated | 32 | 1 | null

-- By name, in any order, with what a row asks for itself.
INSERT INTO requests BY NAME SELECT 5 frames, 48 width, 'a red circle moves up' prompt;
--> (none)

-- By position, Spark wants a value for every column of the table, so no prompt ends in another column.
INSERT INTO requests SELECT 5 AS id, 'a red circle moves up' AS prompt;
--! NOT_ENOUGH_DATA_COLUMNS

-- Rows of another dataset ask for its videos again; their results do not come along.
INSERT INTO requests SELECT * FROM same_clips;
--> (none)

SELECT prompt, width, status, count(*) FROM requests GROUP BY prompt, width, status ORDER BY prompt, width;
-->  | null | failed | 1
--> a blue square moves left | 32 | generated | 1
--> a green cross moves down | 32 | generated | 1
--> a red circle moves up | 32 | generated | 1
--> a red circle moves up | 48 | generated | 1

-- Other videos go when all is done; those that are asked for again stay.
INSERT OVERWRITE requests (prompt) VALUES ('a green cross moves up'), ('a red circle moves up');
--> (none)

SELECT prompt, status FROM requests ORDER BY prompt;
--> a green cross moves up | generated
--> a red circle moves up | skipped

INSERT INTO requests (id, prompt) VALUES (1, 'a green cross moves down');
--! `id`

-- What a table is to keep of itself.
INSERT OVERWRITE requests SELECT * FROM requests WHERE prompt LIKE '%circle%';
--> (none)

SELECT prompt, status FROM requests;
--> a red circle moves up | skipped

-- A table without options of its own takes the session's model and the model's sizes.
INSERT INTO same_clips (prompt, width, height, frames, steps) VALUES ('a green cross moves down', 32, 32, 5, 1);
--> (none)

SELECT prompt, status FROM same_clips WHERE prompt LIKE 'a green%';
--> a green cross moves down | generated

CREATE TABLE typo USING reelspark OPTIONS (model '${model}', stpes 3) LOCATION '${directory}/typo' AS SELECT 'a red circle moves up' prompt;
--! unknown option 'stpes'; did you mean 'steps'?

CREATE TABLE typo USING reelspark OPTIONS (stpes 3) LOCATION '${directory}/clips';
--! unknown option 'stpes'; did you mean 'steps'?

CREATE TABLE without_prompts USING reelspark OPTIONS (model '${model}') LOCATION '${directory}/none' AS SELECT 1 id;
--! the input needs a column 'prompt' of strings

CREATE TABLE nothing USING reelspark LOCATION '${directory}/none';
--! there are no videos at
--! OPTIONS (model '...')
