# Compiles kernel files and writes the table from which a launcher learns what is in them.
#
# Layout of KERNEL_DIR, the same inside the jar under /kernels:
#   <architecture>/<module>.cubin   one for each architecture of the module
#   ptx/<module>.ptx                for GPUs newer than these, where the module has it
#   kernels.properties              see write_kernel_table

# add_kernels(MODULE THREADS n SHARED_BYTES n [ARCHITECTURES name...] HEADERS file... ENTRIES name...)
#
# Compiles kernels/MODULE.cu for ARCHITECTURES, some of KERNEL_ARCHITECTURES and ptx; for all of these when left out. Its
# entry points are launched with THREADS threads in a block, which the source sees as REELSPARK_THREADS, and with
# SHARED_BYTES bytes of dynamic shared memory, which it sees as REELSPARK_SHARED_BYTES.
function(add_kernels module)
  cmake_parse_arguments(MODULE "" "THREADS;SHARED_BYTES" "ARCHITECTURES;HEADERS;ENTRIES" ${ARGN})
  if(NOT MODULE_ARCHITECTURES)
    set(MODULE_ARCHITECTURES ${KERNEL_ARCHITECTURES} ptx)
  endif()
  set(source "${CMAKE_SOURCE_DIR}/kernels/${module}.cu")
  list(TRANSFORM MODULE_HEADERS PREPEND "${CMAKE_SOURCE_DIR}/")
  set(compile "${NVCC}" -ccbin "${CMAKE_CXX_COMPILER}" -std=c++17 -O3 -Werror all-warnings
    "-I${CMAKE_SOURCE_DIR}/include" -DREELSPARK_THREADS=${MODULE_THREADS}
    -DREELSPARK_SHARED_BYTES=${MODULE_SHARED_BYTES})

  # Rewritten only when the command changes, so that a change to the build compiles again what it touches alone.
  set(command_file "${CMAKE_BINARY_DIR}/${module}.command")
  file(CONFIGURE OUTPUT "${command_file}" CONTENT "${NVCC_VERSION} ${compile} ${PTX_ARCHITECTURE}\n")

  set(images "")
  foreach(architecture IN LISTS MODULE_ARCHITECTURES)
    if(architecture STREQUAL "ptx")
      set(image "${KERNEL_DIR}/ptx/${module}.ptx")
      set(target -ptx -arch=${PTX_ARCHITECTURE})
    else()
      set(image "${KERNEL_DIR}/${architecture}/${module}.cubin")
      set(target -cubin -arch=${architecture})
    endif()
    add_custom_command(OUTPUT "${image}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${KERNEL_DIR}/${architecture}"
      COMMAND ${compile} ${target} -o "${image}" "${source}"
      DEPENDS "${source}" ${MODULE_HEADERS} "${command_file}" VERBATIM)
    list(APPEND images "${image}")
  endforeach()
  add_custom_target(${module}_kernels ALL DEPENDS ${images})

  list(JOIN MODULE_ARCHITECTURES "," architectures)
  foreach(entry IN LISTS MODULE_ENTRIES)
    set_property(GLOBAL APPEND PROPERTY KERNEL_ENTRIES ${entry})
    string(CONCAT row
      "${entry}.module=${module}\n"
      "${entry}.architectures=${architectures}\n"
      "${entry}.threads=${MODULE_THREADS}\n"
      "${entry}.sharedBytes=${MODULE_SHARED_BYTES}\n")
    set_property(GLOBAL APPEND_STRING PROPERTY KERNEL_ROWS "${row}")
  endforeach()
  add_test(NAME ${module}_images
    COMMAND "${CMAKE_COMMAND}" "-DIMAGES=${images}" "-DENTRIES=${MODULE_ENTRIES}"
      -P "${CMAKE_SOURCE_DIR}/tests/check_images.cmake")
endfunction()

# Writes kernels.properties: `cuda`, the version of the compiler, whose major version a driver must support; `architectures`
# and `entries`, separated by commas; `ptx`, the virtual architecture of the PTX; and for each entry the module that
# holds it, the architectures it is compiled for (ptx among them when there is PTX), the threads of a block and the bytes
# of dynamic shared memory.
function(write_kernel_table)
  get_property(entries GLOBAL PROPERTY KERNEL_ENTRIES)
  get_property(rows GLOBAL PROPERTY KERNEL_ROWS)
  list(JOIN KERNEL_ARCHITECTURES "," architectures)
  list(JOIN entries "," entries)
  file(CONFIGURE OUTPUT "${KERNEL_DIR}/kernels.properties" @ONLY
    CONTENT "cuda=@NVCC_VERSION@\nptx=@PTX_ARCHITECTURE@\narchitectures=@architectures@\nentries=@entries@\n@rows@")
endfunction()
