// The CUDA driver as the plugin uses it: libcuda opened at run time, kernels loaded as images, plain launches. Built on
// a machine without a GPU, run on one with it.
#pragma once

#include <cuda.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace reelspark::cuda {

// Exit status that CTest counts as skipped.
constexpr int kNoGpu = 77;

// A driver function by its exported name; ends the program without one.
template <typename Function>
Function driver_function(const char* name) {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW);
  void* const symbol = library == nullptr ? nullptr : dlsym(library, name);
  if (symbol == nullptr) {
    std::printf("skipped: no CUDA driver with %s\n", name);
    std::exit(kNoGpu);
  }
  return reinterpret_cast<Function>(symbol);
}

#define REELSPARK_TEXT(name) #name
#define REELSPARK_EXPORTED_NAME(name) REELSPARK_TEXT(name)
// Calls a driver function and ends the program with its error. cuda.h renames functions to their newest version, so
// the name is expanded before it is looked up.
#define CUDA(function, ...)                                                                                      \
  ::reelspark::cuda::require(                                                                                    \
      ::reelspark::cuda::driver_function<decltype(&function)>(REELSPARK_EXPORTED_NAME(function))(__VA_ARGS__), \
      #function)

inline void require(CUresult result, const char* call) {
  if (result != CUDA_SUCCESS) {
    std::fprintf(stderr, "%s failed with error %d\n", call, static_cast<int>(result));
    std::exit(1);
  }
}

// The first GPU's primary context, current in this thread. Ends the program as skipped without a GPU.
class Device {
 public:
  Device() {
    if (driver_function<decltype(&cuInit)>("cuInit")(0) != CUDA_SUCCESS) {
      std::printf("skipped: the CUDA driver found no GPU\n");
      std::exit(kNoGpu);
    }
    CUDA(cuDeviceGet, &device_, 0);
    CUcontext context;
    CUDA(cuDevicePrimaryCtxRetain, &context, device_);
    CUDA(cuCtxSetCurrent, context);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { CUDA(cuDevicePrimaryCtxRelease, device_); }

  std::string name() const {
    char name[256] = {};
    CUDA(cuDeviceGetName, name, sizeof name, device_);
    return name;
  }

  // Directory of the images for this GPU below the kernel directory: "sm_90a" and the like, "ptx" for one without.
  std::string image_directory() const {
    const int major = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    const int minor = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    if (major == 8) return minor == 9 ? "sm_89" : "sm_80";
    if (major == 9) return "sm_90a";
    if (major == 12) return "sm_120";
    return "ptx";
  }

  int multiprocessors() const { return attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT); }

  size_t free_bytes() const {
    size_t free = 0, total = 0;
    CUDA(cuMemGetInfo, &free, &total);
    return free;
  }

 private:
  int attribute(CUdevice_attribute attribute) const {
    int value = 0;
    CUDA(cuDeviceGetAttribute, &value, attribute, device_);
    return value;
  }

  CUdevice device_ = 0;
};

// A loaded cubin or PTX file.
class Module {
 public:
  explicit Module(const std::string& path) { CUDA(cuModuleLoad, &module_, path.c_str()); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module() { CUDA(cuModuleUnload, module_); }

  CUfunction function(const std::string& entry) const {
    CUfunction function;
    CUDA(cuModuleGetFunction, &function, module_, entry.c_str());
    return function;
  }

 private:
  CUmodule module_ = nullptr;
};

// Device memory of `size` elements.
template <typename T>
class Buffer {
 public:
  explicit Buffer(size_t size) : size_(size) { CUDA(cuMemAlloc, &address_, size * sizeof(T)); }
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) { write(0, values); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { CUDA(cuMemFree, address_); }

  CUdeviceptr address() const { return address_; }

  void write(size_t offset, const std::vector<T>& values) {
    CUDA(cuMemcpyHtoD, address_ + offset * sizeof(T), values.data(), values.size() * sizeof(T));
  }

  void fill(uint8_t byte) const { CUDA(cuMemsetD8, address_, byte, size_ * sizeof(T)); }

  std::vector<T> read() const { return read(0, size_); }

  std::vector<T> read(size_t offset, size_t length) const {
    std::vector<T> values(length);
    CUDA(cuMemcpyDtoH, values.data(), address_ + offset * sizeof(T), length * sizeof(T));
    return values;
  }

 private:
  CUdeviceptr address_ = 0;
  size_t size_;
};

}  // namespace reelspark::cuda
