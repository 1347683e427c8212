# Shared by the launch scripts beside this file. Builds the project when that is needed and runs a
# job on this machine, without an installed Spark. Needs a JDK 17 or newer and Maven.

jobs_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$jobs_directory")
class_path_file=$jobs_directory/target/class-path.txt

fail() {
  echo "error: $*" >&2
  exit 2
}

# Sets java to the command of a new enough Java, and java_version to its number.
find_java() {
  java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  local version
  version=$("$java" -version 2>&1) || fail "no Java found; install a JDK 17 or newer, or set JAVA_HOME to one"
  [[ $version =~ version\ \"([0-9]+) ]] || fail "cannot read the version of $java: $version"
  java_version=${BASH_REMATCH[1]}
  ((java_version >= 17)) || fail "$java is Java $java_version; set JAVA_HOME to a JDK 17 or newer"
}

is_built() {
  local newer
  [[ -f $class_path_file ]] || return 1
  newer=$(cd "$repository" && find pom.xml {native,spark-plugin,jobs}/pom.xml native {spark-plugin,jobs}/src/main \
    -name target -prune -o -type f -newer "$class_path_file" -print -quit)
  [[ -z $newer ]]
}

build_when_needed() {
  is_built && return
  command -v mvn >/dev/null || fail "Maven is missing; install it to build the project"
  echo "Building; the first time takes a few minutes ..." >&2
  mvn -q -B -ntp -f "$repository/pom.xml" -DskipTests package >&2 || fail "the build failed"
}

# java_command JVM_OPTION...: sets command to Java with the job's class path.
java_command() {
  local jar=("$jobs_directory"/target/reelspark-jobs-*.jar)
  # SVT_LOG keeps the AV1 encoder from writing its settings between the progress; jdk.console tells
  # a terminal from a file on every Java.
  command=(env "SVT_LOG=${SVT_LOG:-1}" "SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}" "$java"
    "@$jobs_directory/target/jvm-arguments.txt" "$@" ${REELSPARK_JAVA_OPTIONS:--Xmx1g}
    -Djdk.console=java.base "-Dlog4j2.configurationFile=$jobs_directory/log4j2.properties"
    -cp "${jar[0]}:$(<"$class_path_file")")
}

# Starting Spark is mostly loading classes. An archive of them, recorded once by planning the sample
# prompts, takes seconds off every start. An empty one says that it could not be recorded.
record_classes_when_needed() {
  [[ $class_archive -nt $class_path_file ]] && return
  echo "Recording Spark's classes for faster starts ..." >&2
  # Java ends by itself on Ctrl-C, which the shell would take for a failed recording.
  trap 'rm -f "$class_archive"; exit 130' INT
  java_command "-XX:ArchiveClassesAtExit=$class_archive"
  "${command[@]}" org.reelspark.jobs.GenerateVideos --prompts "$jobs_directory/sample-prompts.csv" \
    --model "$jobs_directory/sample-model" --out "$jobs_directory/target/recorded" --dry-run \
    >/dev/null 2>&1 && [[ -s $class_archive ]] || : >"$class_archive"
  trap - INT
}

# default OPTION VALUE: adds an option to arguments unless it is there.
default() {
  local argument
  for argument in "${arguments[@]}"; do
    [[ $argument == "$1" || $argument == "$1="* ]] && return
  done
  arguments+=("$1" "$2")
}

# launch MAIN_CLASS ARGUMENT...
launch() {
  find_java
  class_archive=$jobs_directory/target/classes-$java_version.jsa
  build_when_needed
  record_classes_when_needed
  if [[ -s $class_archive ]]; then
    java_command "-XX:SharedArchiveFile=$class_archive" -Xlog:cds=off -Xlog:cds+dynamic=off
  else
    java_command
  fi
  exec "${command[@]}" "$@"
}
