package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the statements of {@code src/test/resources/sql} and compares with the comments that follow
 * them: {@code --> } is a row of the result, {@code --> (none)} says that there is none, {@code --!
 * } is a part of the error message. <code>${model}</code> and <code>${directory}</code> stand for
 * the sample model and an empty directory.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SqlFilesTest {
  private static final Path FILES = Path.of("src", "test", "resources", "sql");
  private static final String ROW = "--> ";
  private static final String ERROR = "--! ";
  private static final List<String> NO_ROWS = List.of("(none)");

  @TempDir private static Path directory;

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2]",
            Map.of(
                ReelsparkConf.MODEL_DIRECTORY.key(),
                TestModels.directory(),
                // Compiling code for one row takes longer than interpreting it.
                "spark.sql.codegen.wholeStage",
                "false",
                "spark.sql.codegen.factoryMode",
                "NO_CODEGEN"));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  record Statement(String file, String sql, List<String> rows, List<String> errors) {
    @Override
    public String toString() {
      return file + ": " + sql;
    }
  }

  static List<Statement> statements() throws IOException {
    List<Statement> statements = new ArrayList<>();
    try (Stream<Path> files = Files.list(FILES)) {
      for (Path file : files.sorted().toList()) {
        read(file, statements);
      }
    }
    return statements;
  }

  private static void read(Path file, List<Statement> statements) throws IOException {
    StringBuilder sql = new StringBuilder();
    Statement latest = null;
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(ROW)) {
        latest.rows().add(line.substring(ROW.length()));
      } else if (line.startsWith(ERROR)) {
        latest.errors().add(line.substring(ERROR.length()));
      } else if (!line.startsWith("--") && !line.isBlank()) {
        sql.append(line).append('\n');
      }
      if (line.endsWith(";") && !line.startsWith("--")) {
        String text = sql.substring(0, sql.lastIndexOf(";"));
        latest =
            new Statement(
                file.getFileName().toString(), text, new ArrayList<>(), new ArrayList<>());
        statements.add(latest);
        sql.setLength(0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("statements")
  void statementGivesItsRowsOrError(Statement statement) {
    assertThat(statement.rows().isEmpty()).isNotEqualTo(statement.errors().isEmpty());
    if (statement.errors().isEmpty()) {
      List<String> expected = statement.rows().equals(NO_ROWS) ? List.of() : statement.rows();
      assertThat(rows(statement.sql())).containsExactlyElementsOf(expected);
    } else {
      assertThatThrownBy(() -> rows(statement.sql()))
          .satisfies(
              e ->
                  statement
                      .errors()
                      .forEach(part -> assertThat(e).hasStackTraceContaining(filledIn(part))));
    }
  }

  private static List<String> rows(String sql) {
    return spark.sql(filledIn(sql)).collectAsList().stream()
        .map(row -> row.mkString(" | "))
        .toList();
  }

  private static String filledIn(String text) {
    return text.replace("${model}", TestModels.directory())
        .replace("${directory}", directory.toString());
  }
}
