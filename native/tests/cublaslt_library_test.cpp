// What the shim says where cuBLASLt is missing. Needs neither a GPU nor the library.
#include "../shim/cublaslt_library.h"

#include <cstdio>

#include "check.h"

int main() {
  using reelspark::cublaslt::Library;
  using reelspark::cublaslt::open_library;
  Library library;
  const std::string absent = open_library({"libreelspark-absent.so.1", "libreelspark-absent.so.2"}, library);
  CHECK(absent.find("libreelspark-absent.so.1") != std::string::npos);
  CHECK(absent.find("; libreelspark-absent.so.2") != std::string::npos);
  CHECK(library.matmul == nullptr);
  // A library that is there, but another one.
  CHECK(open_library({"libm.so.6"}, library) == "libm.so.6: no function cublasLtCreate");
  CHECK(library.create == nullptr);
  const std::string problem = open_library(library);
  if (problem.empty()) {
    CHECK(library.version() >= 120000);
    std::printf("cublaslt_library_test: all checks passed, with cuBLASLt %zu\n", library.version());
  } else {
    CHECK(problem.find("libcublasLt.so.13") != std::string::npos);
    CHECK(problem.find("libcublasLt.so.12") != std::string::npos);
    std::puts("cublaslt_library_test: all checks passed, without cuBLASLt");
  }
  return 0;
}
