package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

@Timeout(300)
class PromptsTest {
  private static SparkSession spark;

  @TempDir private Path directory;

  @BeforeAll
  static void start() {
    spark = LocalSpark.session();
  }

  /** A job that finds a session takes it in place of one of its own. */
  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void readsCsvWithQuotedCommasQuotesAndLineBreaks() {
    Path file =
        write(
            "prompts.csv",
            "prompt,seed,Negative_Prompt\n\"a red, \"\"round\"\" ball\",7,blur\n\"two\nlines\",,\n");

    assertThat(read(file))
        .containsExactly("1|a red, \"round\" ball|7|blur", "2|two\nlines|null|null");
  }

  @Test
  void readsCsvThatStartsWithAByteOrderMark() {
    assertThat(read(write("prompts.csv", "\ufeffprompt,seed\na ball,1\n")))
        .containsExactly("1|a ball|1");
  }

  @ParameterizedTest
  @CsvSource({"prompts.jsonl", "prompts.json", "prompts.ndjson"})
  void readsAJsonObjectALine(String name) {
    Path file =
        write(name, "{\"prompt\": \"a ball\", \"seed\": 9007199254740993}\n{\"prompt\": null}\n");

    assertThat(read(file)).containsExactly("1|a ball|9007199254740993", "2|null|null");
  }

  @Test
  void readsAJsonArray() {
    Path file =
        write(
            "prompts.json",
            "[\n  {\"prompt\": \"a ball\", \"guidance\": 2.5},\n  {\"prompt\": \"a box\"}\n]\n");

    assertThat(read(file)).containsExactly("1|2.5|a ball", "2|null|a box");
  }

  @Test
  void readsALineOfTextAsAPromptAndSkipsBlankLines() {
    assertThat(read(write("prompts.txt", "a ball, red\n\n   \na box\n")))
        .containsExactly("1|a ball, red", "2|a box");
  }

  @Test
  void readsParquet() {
    Path file = directory.resolve("prompts.parquet");
    spark
        .sql("select 'a ball' as prompt, 3 as seed, 1.5D as guidance")
        .write()
        .parquet(file.toString());

    assertThat(read(file)).containsExactly("1|a ball|3|1.5");
  }

  @Test
  void readsOnlyTheFirstRowsUnderALimit() {
    Path file = write("prompts.txt", "one\ntwo\nthree\n");

    assertThat(Prompts.read(spark, file.toString(), OptionalInt.of(2)).count()).isEqualTo(2);
  }

  @Test
  void numbersTheRowsOfManyFilesOneByOne() {
    Path file = directory.resolve("prompts.parquet");
    spark
        .range(0, 100, 1, 7)
        .selectExpr("cast(id as string) as prompt")
        .write()
        .parquet(file.toString());

    Dataset<Row> rows = Prompts.read(spark, file.toString(), OptionalInt.empty()).rows();
    assertThat(rows.select("row").distinct().count()).isEqualTo(100);
    assertThat(rows.filter("row between 1 and 100").count()).isEqualTo(100);
  }

  @Test
  void keepsRowsWithoutAPromptForTheirOwnError() {
    assertThat(read(write("prompts.csv", "prompt,seed\n,1\n\"\",2\n")))
        .hasSize(2)
        .first()
        .isEqualTo("1|null|1");
  }

  @Test
  void refusesAMissingFile() {
    assertInvalid(directory.resolve("no-such.csv"), "there is no file", "no-such.csv");
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompts", "prompts.docx", "prompts.gz"})
  void refusesAFileNameWithoutAFormat(String name) {
    assertInvalid(write(name, "prompt\na ball\n"), name, ".csv, .json");
  }

  @ParameterizedTest
  @CsvSource({"prompts.csv, ''", "prompts.csv, prompt", "prompts.json, ''", "prompts.txt, ''"})
  void refusesAFileWithoutPrompts(String name, String content) {
    assertInvalid(write(name, content), name, "give at least one row");
  }

  @Test
  void refusesInputWithoutAPromptColumnAndNamesWhatItFound() {
    assertInvalid(write("prompts.csv", "seed,steps\n1,2\n"), "no column 'prompt'", "seed, steps");
  }

  @Test
  void refusesAnUnknownColumnAndNamesTheNearest() {
    assertInvalid(write("prompts.csv", "prompt,guidence\na ball,2\n"), "'guidence'", "'guidance'");
  }

  @Test
  void refusesAnUnquotedCommaRatherThanCutThePrompt() {
    assertInvalid(
        write("prompts.csv", "prompt,seed\na ball,1\na red, round ball,2\n"),
        "row 2: a red, round ball,2",
        "quote a prompt");
  }

  @Test
  void refusesALineThatIsNotJson() {
    assertInvalid(
        write("prompts.jsonl", "{\"prompt\": \"a ball\"}\n{\"prompt\": \n"), "row 2: {\"prompt\":");
  }

  @Test
  void refusesADirectoryThatIsNotParquet() throws IOException {
    Path file = Files.createDirectory(directory.resolve("prompts.parquet"));
    Files.writeString(file.resolve("part-0.parquet"), "not parquet");
    assertInvalid(file, "cannot read", "part-0.parquet is not a Parquet file");
  }

  private Path write(String name, String content) {
    try {
      return Files.write(directory.resolve(name), content.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> read(Path file) {
    Dataset<Row> rows = Prompts.read(spark, file.toString(), OptionalInt.empty()).rows();
    return Arrays.stream((Row[]) rows.orderBy(Prompts.ROW_COLUMN).collect())
        .map(row -> row.mkString("|"))
        .toList();
  }

  private static void assertInvalid(Path file, String... fragments) {
    assertThatThrownBy(() -> Prompts.read(spark, file.toString(), OptionalInt.empty()))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
        .hasMessageContainingAll(fragments);
  }
}
