package org.reelspark.spark.rapids;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the plugin is compiled against is a part of what the real jar has. */
class StandInsTest {
  private static final Path CLASSES = Path.of(System.getProperty("reelspark.rapids.api"));

  /** Public stand-ins, loaded apart from the real classes. */
  static List<Class<?>> standIns() throws IOException, ReflectiveOperationException {
    URLClassLoader loader =
        new URLClassLoader(
            new URL[] {CLASSES.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
    Set<Class<?>> classes = new HashSet<>();
    try (Stream<Path> files = Files.walk(CLASSES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        String name = CLASSES.relativize(file).toString().replace('/', '.');
        classes.add(Class.forName(name.substring(0, name.length() - 6), false, loader));
      }
    }
    return classes.stream().filter(standIn -> isOpen(standIn.getModifiers())).toList();
  }

  @ParameterizedTest
  @MethodSource("standIns")
  void realClassHasWhatTheStandInHas(Class<?> standIn) throws ClassNotFoundException {
    Set<String> real = new HashSet<>();
    for (Class<?> declaring = real(standIn); declaring != null; ) {
      real.addAll(signatures(declaring));
      declaring = declaring.getSuperclass();
    }

    assertThat(signatures(standIn)).isNotEmpty().isSubsetOf(real);
    assertThat(real(standIn).isInterface()).isEqualTo(standIn.isInterface());
    assertThat(ancestors(real(standIn))).containsAll(ancestors(standIn));
  }

  /** The class of the same name, which is not initialised: that would load its native library. */
  private static Class<?> real(Class<?> standIn) throws ClassNotFoundException {
    return Class.forName(standIn.getName(), false, StandInsTest.class.getClassLoader());
  }

  private static Set<String> ancestors(Class<?> start) {
    Set<String> names = new HashSet<>();
    for (Class<?> ancestor = start; ancestor != null; ancestor = ancestor.getSuperclass()) {
      names.add(ancestor.getName());
      Arrays.stream(ancestor.getInterfaces()).map(Class::getName).forEach(names::add);
    }
    return names;
  }

  private static Set<String> signatures(Class<?> declaring) {
    Set<String> signatures = new HashSet<>();
    for (Constructor<?> constructor : declaring.getDeclaredConstructors()) {
      if (isOpen(constructor.getModifiers())) {
        signatures.add(declaring.getName() + parameters(constructor));
      }
    }
    for (Method method : declaring.getDeclaredMethods()) {
      if (isOpen(method.getModifiers()) && !method.isSynthetic()) {
        signatures.add(
            kind(method.getModifiers())
                + method.getReturnType().getName()
                + " "
                + method.getName()
                + parameters(method));
      }
    }
    for (Field field : declaring.getDeclaredFields()) {
      if (isOpen(field.getModifiers())) {
        signatures.add(
            kind(field.getModifiers()) + field.getType().getName() + " " + field.getName());
      }
    }
    return signatures;
  }

  private static boolean isOpen(int modifiers) {
    return Modifier.isPublic(modifiers);
  }

  private static String kind(int modifiers) {
    return Modifier.isStatic(modifiers) ? "static " : "";
  }

  private static String parameters(Executable executable) {
    return Arrays.stream(executable.getParameterTypes()).map(Class::getName).toList().toString();
  }
}
