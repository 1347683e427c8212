#include "cublaslt_library.h"

#include <dlfcn.h>

namespace reelspark::cublaslt {
namespace {

// Sets functions from symbols of one library and keeps the name of the first that it lacks.
class Symbols {
 public:
  explicit Symbols(void* library) : library_(library) {}

  template <typename Function>
  void set(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr && missing_.empty()) {
      missing_ = name;
    }
  }

  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

std::string set_functions(void* handle, Library& library) {
  Symbols symbols(handle);
  symbols.set(library.create, "cublasLtCreate");
  symbols.set(library.destroy, "cublasLtDestroy");
  symbols.set(library.version, "cublasLtGetVersion");
  symbols.set(library.status_name, "cublasLtGetStatusName");
  symbols.set(library.create_description, "cublasLtMatmulDescCreate");
  symbols.set(library.destroy_description, "cublasLtMatmulDescDestroy");
  symbols.set(library.set_description, "cublasLtMatmulDescSetAttribute");
  symbols.set(library.create_layout, "cublasLtMatrixLayoutCreate");
  symbols.set(library.destroy_layout, "cublasLtMatrixLayoutDestroy");
  symbols.set(library.create_preference, "cublasLtMatmulPreferenceCreate");
  symbols.set(library.destroy_preference, "cublasLtMatmulPreferenceDestroy");
  symbols.set(library.set_preference, "cublasLtMatmulPreferenceSetAttribute");
  symbols.set(library.find_algorithms, "cublasLtMatmulAlgoGetHeuristic");
  symbols.set(library.matmul, "cublasLtMatmul");
  return symbols.missing();
}

}  // namespace

std::string open_library(const std::vector<std::string>& names, Library& library) {
  std::string problems;
  for (const std::string& name : names) {
    void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    std::string problem;
    if (handle == nullptr) {
      problem = dlerror();  // names the library
    } else {
      const std::string missing = set_functions(handle, library);
      if (missing.empty()) {
        return "";
      }
      problem = name + ": no function " + missing;
      dlclose(handle);
    }
    problems += (problems.empty() ? "" : "; ") + problem;
  }
  library = {};
  return problems;
}

std::string open_library(Library& library) {
  return open_library({"libcublasLt.so.13", "libcublasLt.so.12"}, library);
}

}  // namespace reelspark::cublaslt
