-- The query that creates a table makes its videos; its rows are their manifest.
CREATE TABLE clips USING reelspark
OPTIONS (model '${model}', width 32, height 32, frames 5, steps 1)
LOCATION '${directory}/clips'
AS SELECT * FROM VALUES (1, 'a red circle moves up'), (2, '') AS t(id, prompt);
--> (none)

SELECT get_json_object(input, '$.id') id, prompt, status, width, frames, steps, uri LIKE '%/clips/%.mp4', error.code FROM clips ORDER BY id;
--> 1 | a red circle moves up | generated | 32 | 5 | 1 | true | null
--> 2 |  | failed | null | null | null | null | INVALID_PROMPT

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

INSERT INTO same_clips (prompt) VALUES ('a green cross moves down');
--! does not allow insertion

CREATE TABLE typo USING reelspark OPTIONS (model '${model}', stpes 3) LOCATION '${directory}/typo' AS SELECT 'a red circle moves up' prompt;
--! unknown option 'stpes'; did you mean 'steps'?

CREATE TABLE typo USING reelspark OPTIONS (stpes 3) LOCATION '${directory}/clips';
--! unknown option 'stpes'; did you mean 'steps'?

CREATE TABLE without_prompts USING reelspark OPTIONS (model '${model}') LOCATION '${directory}/none' AS SELECT 1 id;
--! the input needs a column 'prompt' of strings

CREATE TABLE nothing USING reelspark LOCATION '${directory}/none';
--! there are no videos at
