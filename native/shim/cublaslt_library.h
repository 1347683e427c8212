// The functions of libcublasLt, found at run time.
#pragma once

#include <string>
#include <vector>

#include "cublaslt_types.h"

namespace reelspark::cublaslt {

struct Library {
  Status (*create)(Context**);
  Status (*destroy)(Context*);
  size_t (*version)();
  const char* (*status_name)(Status);

  Status (*create_description)(MatmulDescription**, ComputeType, DataType scale);
  Status (*destroy_description)(MatmulDescription*);
  Status (*set_description)(MatmulDescription*, DescriptionAttribute, const void* value, size_t bytes);

  Status (*create_layout)(MatrixLayout**, DataType, uint64_t rows, uint64_t columns, int64_t stride);
  Status (*destroy_layout)(MatrixLayout*);

  Status (*create_preference)(MatmulPreference**);
  Status (*destroy_preference)(MatmulPreference*);
  Status (*set_preference)(MatmulPreference*, PreferenceAttribute, const void* value, size_t bytes);

  Status (*find_algorithms)(
      Context*, MatmulDescription*, MatrixLayout* a, MatrixLayout* b, MatrixLayout* c, MatrixLayout* d,
      MatmulPreference*, int most, Heuristic* found, int* count);
  Status (*matmul)(
      Context*, MatmulDescription*, const void* alpha, const void* a, MatrixLayout*, const void* b, MatrixLayout*,
      const void* beta, const void* c, MatrixLayout*, void* d, MatrixLayout*, const Algorithm*, void* workspace,
      size_t workspace_bytes, Stream*);
};

// Opens the first of the named libraries that has every function. Returns an empty string, or what is wrong with each.
std::string open_library(const std::vector<std::string>& names, Library& library);

// libcublasLt.so.13, else .12.
std::string open_library(Library& library);

}  // namespace reelspark::cublaslt
