// Reads kernels.properties and loads the kernels that it lists.
#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "cuda_driver.h"

namespace reelspark {

// An entry point with what it is launched with.
struct Kernel {
  CUfunction function;
  unsigned threads;
  unsigned shared_bytes;
  int64_t resident_blocks;  // that the GPU holds at once with all of that shared memory
};

// The kernels of one directory for one GPU.
class KernelTable {
 public:
  KernelTable(const std::string& directory, const std::string& image) : directory_(directory), image_(image) {
    std::ifstream file(directory + "/kernels.properties");
    for (std::string line; std::getline(file, line);) {
      const size_t sign = line.find('=');
      properties_[line.substr(0, sign)] = line.substr(sign + 1);
    }
  }

  // Whether the entry is compiled for this GPU.
  bool has(const std::string& entry) const {
    const auto architectures = properties_.find(entry + ".architectures");
    return architectures != properties_.end() &&
           ("," + architectures->second + ",").find("," + image_ + ",") != std::string::npos;
  }

  Kernel load(const std::string& entry) {
    const std::string module_name = properties_.at(entry + ".module");
    std::unique_ptr<cuda::Module>& module = modules_[module_name];
    if (module == nullptr) {
      module = std::make_unique<cuda::Module>(
          directory_ + "/" + image_ + "/" + module_name + (image_ == "ptx" ? ".ptx" : ".cubin"));
    }
    Kernel kernel{module->function(entry), static_cast<unsigned>(std::stoul(properties_.at(entry + ".threads"))),
                  static_cast<unsigned>(std::stoul(properties_.at(entry + ".sharedBytes"))), 0};
    CUDA(cuFuncSetAttribute, kernel.function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
         static_cast<int>(kernel.shared_bytes));
    CUdevice device;
    int multiprocessors = 0, of_multiprocessor = 0;
    CUDA(cuCtxGetDevice, &device);
    CUDA(cuDeviceGetAttribute, &multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
    CUDA(cuOccupancyMaxActiveBlocksPerMultiprocessor, &of_multiprocessor, kernel.function,
         static_cast<int>(kernel.threads), kernel.shared_bytes);
    kernel.resident_blocks = int64_t{of_multiprocessor} * multiprocessors;
    return kernel;
  }

 private:
  std::string directory_;
  std::string image_;
  std::map<std::string, std::string> properties_;
  std::map<std::string, std::unique_ptr<cuda::Module>> modules_;
};

}  // namespace reelspark
