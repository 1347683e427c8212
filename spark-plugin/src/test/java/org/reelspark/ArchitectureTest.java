package org.reelspark;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.Rooms.Room;

/** Holds the plugin's classes to the table in {@link Rooms}. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new DoNotIncludeTests())
          .importPackages("org.reelspark");

  private static final Path PAGE = Path.of("..", "docs", "design", "packages.md");

  static Stream<Room> rooms() {
    return Rooms.ALL.stream();
  }

  static Stream<Room> closedRooms() {
    return rooms().filter(room -> !room.face().isEmpty());
  }

  @Test
  void everyClassLivesInARoom() {
    List<String> strangers =
        CLASSES.stream()
            .filter(javaClass -> Rooms.ALL.stream().noneMatch(room -> room.holds(javaClass)))
            .map(JavaClass::getPackageName)
            .distinct()
            .toList();

    assertThat(strangers).as("packages that Rooms does not name").isEmpty();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void roomUsesOnlyTheRoomsOfItsRow(Room room) {
    noClasses()
        .that()
        .resideInAPackage(room.packageName())
        .should()
        .dependOnClassesThat(
            describe(
                "live in a room that the table does not allow",
                used ->
                    Rooms.ALL.stream()
                        .filter(other -> other.holds(used))
                        .anyMatch(
                            other -> !other.equals(room) && !room.uses().contains(other.name()))))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void roomTouchesOnlyTheLibrariesOfItsRow(Room room) {
    List<String> forbidden =
        Rooms.GUARDED_LIBRARIES.stream()
            .filter(library -> !room.libraries().contains(library))
            .map(library -> library + "..")
            .toList();
    noClasses()
        .that()
        .resideInAPackage(room.packageName())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden.toArray(String[]::new))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @ParameterizedTest
  @MethodSource("closedRooms")
  void closedRoomShowsOnlyItsFace(Room room) {
    Set<String> publicTypes =
        CLASSES.stream()
            .filter(room::holds)
            .filter(JavaClass::isTopLevelClass)
            .filter(javaClass -> javaClass.getModifiers().contains(JavaModifier.PUBLIC))
            .map(JavaClass::getSimpleName)
            .collect(Collectors.toSet());

    assertThat(publicTypes).isEqualTo(room.face());
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching("org.reelspark.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void pluginWritesToALoggerAndNeverToTheConsole() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
    NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CLASSES);
  }

  @Test
  void packagePageIsCurrent() throws IOException {
    if (Boolean.getBoolean("reelspark.writePages")) {
      Files.writeString(PAGE, Rooms.page());
    }

    assertThat(PAGE)
        .as("stale: run `mvn -pl spark-plugin -am test -Dreelspark.writePages=true`")
        .hasContent(Rooms.page());
  }
}
