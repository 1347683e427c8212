# Compiles kernel files and writes the table from which a launcher learns what is in them.
#
# Layout of KERNEL_DIR, the same inside the jar under /kernels:
#   <architecture>/<module>.cubin   one for each of KERNEL_ARCHITECTURES
#   ptx/<module>.ptx                for GPUs newer than these
#   kernels.properties              see write_kernel_table

# add_kernels(MODULE THREADS n SHARED_BYTES n HEADERS file... ENTRIES name...)
#
# Compiles kernels/MODULE.cu. Its entry points are launched with THREADS threads in a block, which the source sees as
# REELSPARK_THREADS, and with SHARED_BYTES bytes of dynamic shared memory.
function(add_kernels module)
  cmake_parse_arguments(KERNEL "" "THREADS;SHARED_BYTES" "HEADERS;ENTRIES" ${ARGN})
  set(source "${CMAKE_SOURCE_DIR}/kernels/${module}.cu")
  list(TRANSFORM KERNEL_HEADERS PREPEND "${CMAKE_SOURCE_DIR}/")
  set(compile "${NVCC}" -ccbin "${CMAKE_CXX_COMPILER}" -std=c++17 -O3 -Werror all-warnings
    "-I${CMAKE_SOURCE_DIR}/include" -DREELSPARK_THREADS=${KERNEL_THREADS})

  set(images "")
  foreach(architecture IN LISTS KERNEL_ARCHITECTURES)
    set(image "${KERNEL_DIR}/${architecture}/${module}.cubin")
    add_custom_command(OUTPUT "${image}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${KERNEL_DIR}/${architecture}"
      COMMAND ${compile} -cubin -arch=${architecture} -o "${image}" "${source}"
      DEPENDS "${source}" ${KERNEL_HEADERS} "${CMAKE_SOURCE_DIR}/CMakeLists.txt" VERBATIM)
    list(APPEND images "${image}")
  endforeach()
  set(image "${KERNEL_DIR}/ptx/${module}.ptx")
  add_custom_command(OUTPUT "${image}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${KERNEL_DIR}/ptx"
    COMMAND ${compile} -ptx -arch=${PTX_ARCHITECTURE} -o "${image}" "${source}"
    DEPENDS "${source}" ${KERNEL_HEADERS} "${CMAKE_SOURCE_DIR}/CMakeLists.txt" VERBATIM)
  list(APPEND images "${image}")
  add_custom_target(${module}_kernels ALL DEPENDS ${images})

  foreach(entry IN LISTS KERNEL_ENTRIES)
    set_property(GLOBAL APPEND PROPERTY KERNEL_ENTRIES ${entry})
    set_property(GLOBAL APPEND_STRING PROPERTY KERNEL_ROWS
      "${entry}.module=${module}\n${entry}.threads=${KERNEL_THREADS}\n${entry}.sharedBytes=${KERNEL_SHARED_BYTES}\n")
  endforeach()
  add_test(NAME ${module}_images
    COMMAND "${CMAKE_COMMAND}" "-DIMAGES=${images}" "-DENTRIES=${KERNEL_ENTRIES}"
      -P "${CMAKE_SOURCE_DIR}/tests/check_images.cmake")
endfunction()

# Writes kernels.properties: `architectures` and `entries`, separated by commas, and for each entry the module that
# holds it, the threads of a block and the bytes of dynamic shared memory.
function(write_kernel_table)
  get_property(entries GLOBAL PROPERTY KERNEL_ENTRIES)
  get_property(rows GLOBAL PROPERTY KERNEL_ROWS)
  list(JOIN KERNEL_ARCHITECTURES "," architectures)
  list(JOIN entries "," entries)
  file(CONFIGURE OUTPUT "${KERNEL_DIR}/kernels.properties" @ONLY
    CONTENT "architectures=@architectures@\nentries=@entries@\n@rows@")
endfunction()
