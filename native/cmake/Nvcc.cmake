# Sets NVCC to a CUDA compiler, NVCC_VERSION and CUDA_INCLUDE_DIR with it; or NVCC_REASON when there is none.
#
# Tried in turn: NVCC given on the command line, CUDA_HOME, the PATH, the user's cache, and last NVIDIA's own compiler
# wheels, fetched once into the cache (about 100 MB) and checked against the digests in nvcc-requirements.txt.

# sm_120 needs 12.8.
set(NVCC_OLDEST 12.8)
option(FETCH_NVCC "Fetch a CUDA compiler when none is installed" ON)

if(DEFINED ENV{XDG_CACHE_HOME})
  set(cache_root "$ENV{XDG_CACHE_HOME}")
else()
  set(cache_root "$ENV{HOME}/.cache")
endif()
set(NVCC_CACHE "${cache_root}/reelspark/nvcc-13.0.88" CACHE PATH "Where the fetched compiler lives")

# Sets NVCC and its companions when `path` is a compiler that is new enough and works with this C++ compiler.
function(try_nvcc path)
  if(NVCC OR NOT EXISTS "${path}")
    return()
  endif()
  execute_process(COMMAND "${path}" --version OUTPUT_VARIABLE banner ERROR_QUIET)
  if(NOT banner MATCHES "V([0-9]+\\.[0-9]+\\.[0-9]+)" OR CMAKE_MATCH_1 VERSION_LESS NVCC_OLDEST)
    set(NVCC_REASON "${path} is older than ${NVCC_OLDEST}" PARENT_SCOPE)
    return()
  endif()
  set(version ${CMAKE_MATCH_1})

  set(probe "${CMAKE_BINARY_DIR}/nvcc-probe")
  file(WRITE "${probe}.cu" "extern \"C\" __global__ void probe() {}\n")
  execute_process(
    COMMAND "${path}" -ccbin "${CMAKE_CXX_COMPILER}" -cubin -arch=sm_120 -o "${probe}.cubin" "${probe}.cu"
    RESULT_VARIABLE failed OUTPUT_FILE "${probe}.log" ERROR_FILE "${probe}.log")
  if(failed)
    set(NVCC_REASON "${path} cannot compile (${probe}.log)" PARENT_SCOPE)
    return()
  endif()

  file(REAL_PATH "${path}" real_path)
  get_filename_component(home "${real_path}/../.." ABSOLUTE)
  set(NVCC "${path}" CACHE FILEPATH "CUDA compiler" FORCE)
  set(NVCC_VERSION "${version}" CACHE INTERNAL "")
  set(CUDA_INCLUDE_DIR "${home}/include" CACHE INTERNAL "")
endfunction()

# Fills NVCC_CACHE. Several builds may ask at once: one fetches, the others wait; a broken download leaves nothing.
function(fetch_nvcc)
  if(NOT CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux")
    set(NVCC_REASON "no CUDA compiler in CUDA_HOME or on the PATH" PARENT_SCOPE)
    return()
  endif()
  find_program(PYTHON3 python3)
  if(NOT PYTHON3)
    set(NVCC_REASON "no CUDA compiler in CUDA_HOME or on the PATH, and no python3 to fetch one" PARENT_SCOPE)
    return()
  endif()
  file(LOCK "${NVCC_CACHE}.lock" GUARD FUNCTION TIMEOUT 900)
  if(EXISTS "${NVCC_CACHE}")
    return()
  endif()
  message(STATUS "Fetching a CUDA compiler (about 100 MB) into ${NVCC_CACHE}")
  file(REMOVE_RECURSE "${NVCC_CACHE}.partial")
  execute_process(
    COMMAND "${PYTHON3}" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all:
      --require-hashes --retries 1 --timeout 20 --target "${NVCC_CACHE}.partial"
      -r "${CMAKE_SOURCE_DIR}/cmake/nvcc-requirements.txt"
    RESULT_VARIABLE failed OUTPUT_FILE "${CMAKE_BINARY_DIR}/fetch-nvcc.log" ERROR_FILE "${CMAKE_BINARY_DIR}/fetch-nvcc.log")
  if(failed)
    file(REMOVE_RECURSE "${NVCC_CACHE}.partial")
    set(NVCC_REASON
      "no CUDA compiler in CUDA_HOME or on the PATH, and none could be fetched (${CMAKE_BINARY_DIR}/fetch-nvcc.log)"
      PARENT_SCOPE)
    return()
  endif()
  file(RENAME "${NVCC_CACHE}.partial" "${NVCC_CACHE}")
endfunction()

if(NOT EXISTS "${NVCC}")
  unset(NVCC CACHE)
  set(NVCC_REASON "no CUDA compiler in CUDA_HOME or on the PATH")
  set(cached_nvcc "${NVCC_CACHE}/nvidia/cu13/bin/nvcc")
  find_program(NVCC_ON_PATH nvcc NO_CACHE)
  try_nvcc("$ENV{CUDA_HOME}/bin/nvcc")
  try_nvcc("${NVCC_ON_PATH}")
  try_nvcc("${cached_nvcc}")
  if(NOT NVCC AND FETCH_NVCC)
    fetch_nvcc()
    try_nvcc("${cached_nvcc}")
  endif()
endif()
