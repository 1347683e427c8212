# Shared by the launch scripts beside this file: builds the jobs when needed and runs one of them in
# local mode, without an installed Spark. Needs a JDK 17 or newer and Maven.
#
#   launch MAIN_CLASS ARGUMENT...

jobs_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$jobs_directory")
class_path_file=$jobs_directory/target/class-path.txt

fail() {
  echo "error: $*" >&2
  exit 2
}

find_java() {
  if [[ -n ${JAVA_HOME:-} ]]; then
    java=$JAVA_HOME/bin/java
  else
    java=java
  fi
  local version
  version=$("$java" -version 2>&1) || fail "no Java found; install a JDK 17 or newer, or set JAVA_HOME to one"
  [[ $version =~ version\ \"([0-9]+) ]] || fail "cannot read the version of $java: $version"
  (( BASH_REMATCH[1] >= 17 )) || fail "$java is Java ${BASH_REMATCH[1]}; set JAVA_HOME to a JDK 17 or newer"
}

is_built() {
  [[ -f $class_path_file ]] && [[ -z $(find \
    "$repository"/pom.xml "$repository"/{native,spark-plugin,jobs}/pom.xml \
    "$repository"/native/{src,kernels} "$repository"/{spark-plugin,jobs}/src/main \
    -newer "$class_path_file" -print -quit 2>/dev/null) ]]
}

build() {
  is_built && return
  command -v mvn >/dev/null || fail "Maven is missing; install it to build the jobs"
  echo "Building (the first time takes a few minutes) ..." >&2
  mvn -q -B -ntp -f "$repository/pom.xml" -DskipTests package || fail "the build failed"
}

launch() {
  local main_class=$1
  shift
  find_java
  build
  # SVT_LOG keeps the AV1 encoder quiet.
  SVT_LOG=${SVT_LOG:-1} SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1} exec "$java" \
    "@$jobs_directory/target/jvm-arguments.txt" \
    ${JAVA_OPTIONS:--Xmx1g} \
    -Dlog4j2.configurationFile="$jobs_directory/log4j2.properties" \
    -cp "$jobs_directory/target/classes:$(<"$class_path_file")" \
    "$main_class" "$@"
}
