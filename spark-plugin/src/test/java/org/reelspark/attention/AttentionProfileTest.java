package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.reelspark.attention.HeadParameters.NO_PV_SKIP;
import static org.reelspark.attention.HeadParameters.NO_SIMILARITY_GATE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;
import org.reelspark.attention.LayerProfile.TimestepRange;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class AttentionProfileTest {
  private static final HeadParameters GATED = new HeadParameters(new TopCdf(0.93f), 0.4f, 11.5f);
  private static final HeadParameters UNGATED =
      new HeadParameters(new TopK(0.5f), NO_SIMILARITY_GATE, NO_PV_SKIP);

  private static final TunedProfile PROFILE =
      new TunedProfile(
          new AttentionProfile(
              TokenOrder.BRICKS,
              List.of(
                  new LayerProfile(
                      List.of(
                          new TimestepRange(700.5f, List.of(GATED, UNGATED)),
                          new TimestepRange(0, List.of(HeadParameters.DENSE, GATED)))),
                  new LayerProfile(
                      List.of(new TimestepRange(0, List.of(UNGATED, HeadParameters.DENSE)))))),
          new TuningRecord("ab12", "2026-11-21", 0.05, List.of("a cat", "ein \"Hund\""), 12, 0.5));

  @TempDir Path directory;

  @Test
  void aTimestepHasTheParametersOfItsRange() {
    AttentionProfile profile = PROFILE.profile();
    assertThat(profile.parameters(0, 999, 2, 0.1f).heads()).containsExactly(GATED, UNGATED);
    assertThat(profile.parameters(0, 700.5f, 2, 0.1f).heads()).containsExactly(GATED, UNGATED);
    assertThat(profile.parameters(0, 700.4f, 2, 0.1f).heads())
        .containsExactly(HeadParameters.DENSE, GATED);
    assertThat(profile.parameters(1, 0, 2, 0.1f).heads())
        .containsExactly(UNGATED, HeadParameters.DENSE);
  }

  @Test
  void aProfileWithoutLayersIsDense() {
    assertThat(AttentionProfile.DENSE.parameters(7, 500, 3, 0.1f))
        .isEqualTo(AttentionParameters.dense(3, 0.1f));
  }

  @Test
  void whatIsWrittenIsRead() {
    Path file = directory.resolve(TunedProfile.FILE_NAME);
    ProfileFile.write(file, PROFILE);
    assertThat(ProfileFile.read(file)).isEqualTo(PROFILE);
  }

  @Test
  void theFileFormatIsStable() throws IOException {
    Path file = directory.resolve("profile.json");
    Files.writeString(
        file,
        """
        {
          "version": 1,
          "order": "BRICKS",
          "tuning": {
            "model_digest": "ab12", "date": "2026-11-21", "bound": 0.05,
            "prompts": ["a cat", "ein \\"Hund\\""], "steps": 12, "sparsity": 0.5
          },
          "layers": [
            {"ranges": [
              {"from_timestep": 700.5, "heads": [
                {"selection": "TOP_CDF", "threshold": 0.93, "similarity": 0.4, "pv": 11.5},
                {"selection": "TOP_K", "threshold": 0.5}]},
              {"from_timestep": 0, "heads": [
                {"selection": "DENSE"},
                {"selection": "TOP_CDF", "threshold": 0.93, "similarity": 0.4, "pv": 11.5}]}]},
            {"ranges": [
              {"from_timestep": 0, "heads": [
                {"selection": "TOP_K", "threshold": 0.5},
                {"selection": "DENSE"}]}]}]
        }
        """);
    assertThat(ProfileFile.read(file)).isEqualTo(PROFILE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"version\" : 1 | \"version\" : 2 | version is 2; this program reads version 1",
        "\"version\" : 1, | | version is missing",
        "\"BRICKS\" | \"SPIRAL\" | order: .*SPIRAL.*HILBERT",
        "\"threshold\" : 0.93 | \"threshold\" : 1.5 | layers\\[0\\].ranges\\[0\\].heads\\[0\\].*\\(0, 1\\], found 1.5",
        "\"threshold\" : 0.93 | \"threshold\" : \"much\" | layers\\[0\\].ranges\\[0\\].heads\\[0\\].threshold: .*much",
        "\"threshold\" : 0.93, | | layers\\[0\\].ranges\\[0\\].heads\\[0\\].*threshold is missing",
        "\"pv\" : 11.5 | \"pv\" : -1 | layers\\[0\\].ranges\\[0\\].heads\\[0\\].*positive, found -1.0",
        "\"pv\" : 11.5 | \"vp\" : 11.5 | layers\\[0\\].ranges\\[0\\].heads\\[0\\].vp: .*vp",
        "\"from_timestep\" : 700.5 | \"from_timestep\" : 0 | layers\\[0\\].*must descend, found 0.0 before 0.0",
        "\"from_timestep\" : 0.0 | \"from_timestep\" : 1 | layers\\[0\\].*must start at 0",
        "\"steps\" : 12 | \"steps\" : \"12\" | tuning.steps: .*12",
        "\"prompts\" | \"prompt\" | tuning: .*prompts must be given",
        "\"version\" : 1 | \"version\" : 1, \"version\" : 1 | Duplicate field 'version'",
        "\"bound\" | \"bounds\" | tuning.bound: .*null",
        "\"layers\" : [ | \"layers\" : [ null, | layers.*null",
        "\"heads\" : [ | \"heads\" : [ null, | layers\\[0\\].ranges\\[0\\].heads.*null",
        "\"prompts\" : [ | \"prompts\" : [ null, | tuning.prompts.*null",
        "{ | [ | ProfileJson",
      })
  void rejectsAFileAndNamesTheField(String text, String replacement, String message)
      throws IOException {
    Path file = directory.resolve("profile.json");
    ProfileFile.write(file, PROFILE);
    String json = Files.readString(file);
    assertThat(json).contains(text);
    int at = json.indexOf(text);
    Files.writeString(
        file,
        json.substring(0, at)
            + (replacement == null ? "" : replacement)
            + json.substring(at + text.length()));
    assertThatThrownBy(() -> ProfileFile.read(file))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PROFILE_INVALID))
        .hasMessageContaining(file.toString())
        .hasMessageMatching("(?s).*" + message + ".*");
  }

  @ParameterizedTest
  @CsvSource({"''", "{", "null", "'{\"version\": 1} x'"})
  void rejectsWhatIsNoProfile(String json) throws IOException {
    Path file = directory.resolve("profile.json");
    Files.writeString(file, json);
    assertInvalid(file);
  }

  @Test
  void rejectsAMissingFileAndADirectory() {
    assertInvalid(directory.resolve("none.json"));
    assertInvalid(directory);
  }

  private static void assertInvalid(Path file) {
    assertThatThrownBy(() -> ProfileFile.read(file))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PROFILE_INVALID))
        .hasMessageContaining(file.toString());
  }

  @Test
  void anUnwritableFileIsReported() {
    assertThatThrownBy(() -> ProfileFile.write(directory, PROFILE))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_UNWRITABLE))
        .hasMessageContaining(directory.toString());
  }

  @Test
  void refusesAnotherModel() {
    PROFILE.checkModel("ab12");
    assertThatThrownBy(() -> PROFILE.checkModel("cd34"))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining("ab12")
        .hasMessageContaining("cd34");
  }
}
