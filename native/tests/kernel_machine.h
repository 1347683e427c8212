// Where tests run kernels: on a GPU, or, with REELSPARK_HOST_GPU, on the host by host_gpu.h. A test for both is written
// once; it launches by RUN(entry, blocks, arguments...), whose types the host's compiler checks.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "check.h"

#ifdef REELSPARK_HOST_GPU
#include "host_gpu.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernel_table.h"
#endif

namespace reelspark {

// Elements where kernels find them, with guards on both sides that must stay as they are.
template <typename T>
class Array {
 public:
  explicit Array(const std::vector<T>& values) : size_(values.size()), memory_(bytes_of(values)) {}
  // Every byte 0xff: NaN for all types of floats.
  explicit Array(size_t size) : Array(poison(size)) {}

#ifdef REELSPARK_HOST_GPU
  T* data() const { return reinterpret_cast<T*>(const_cast<uint8_t*>(memory_.data()) + kGuard); }
  std::vector<uint8_t> bytes() const { return memory_; }
#else
  T* data() const { return reinterpret_cast<T*>(memory_.address() + kGuard); }
  std::vector<uint8_t> bytes() const { return memory_.read(); }
#endif

  // Ends the test when a kernel wrote outside.
  std::vector<T> read() const {
    const std::vector<uint8_t> all = bytes();
    for (size_t i = 0; i < kGuard; ++i) {
      CHECK(all[i] == kGuardByte && all[all.size() - 1 - i] == kGuardByte);
    }
    std::vector<T> values(size_);
    std::memcpy(values.data(), all.data() + kGuard, size_ * sizeof(T));
    return values;
  }

 private:
  static constexpr size_t kGuard = 256;
  static constexpr uint8_t kGuardByte = 0xb5;

  static std::vector<T> poison(size_t size) {
    std::vector<T> values(size);
    std::memset(static_cast<void*>(values.data()), 0xff, size * sizeof(T));
    return values;
  }

  static std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
    std::vector<uint8_t> all;
    all.reserve(values.size() * sizeof(T) + 2 * kGuard);
    all.insert(all.end(), kGuard, kGuardByte);
    const auto first = reinterpret_cast<const uint8_t*>(values.data());
    all.insert(all.end(), first, first + values.size() * sizeof(T));
    all.insert(all.end(), kGuard, kGuardByte);
    return all;
  }

  size_t size_;
#ifdef REELSPARK_HOST_GPU
  std::vector<uint8_t> memory_;
#else
  cuda::Buffer<uint8_t> memory_;
#endif
};

#ifdef REELSPARK_HOST_GPU

template <typename... Parameters, typename... Arguments>
void run_on_host(void (*kernel)(Parameters...), unsigned shared_bytes, unsigned blocks, Arguments... arguments) {
  static_assert((std::is_convertible_v<Arguments, Parameters> && ...));
  static_assert(((sizeof(Arguments) == sizeof(Parameters)) && ...), "arguments have the sizes of parameters");
  static_assert(((std::is_floating_point_v<Arguments> == std::is_floating_point_v<Parameters>)&&...));
  host_gpu::launch(kernel, dim3(blocks), REELSPARK_THREADS, shared_bytes, arguments...);
}

#define RUN(entry, ...) ::reelspark::run_on_host(entry, REELSPARK_SHARED_BYTES, __VA_ARGS__)

// What runs the kernels, for reports; ends the program as skipped where nothing does.
inline std::string open_machine(int, char**) { return "the host"; }

#else

struct OpenMachine {
  explicit OpenMachine(const std::string& kernel_directory) : table(kernel_directory, device.image_directory()) {}

  cuda::Device device;
  KernelTable table;
};
inline OpenMachine* machine = nullptr;

inline std::string open_machine(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s KERNEL_DIR\n", argv[0]);
    std::exit(2);
  }
  machine = new OpenMachine(argv[1]);
  return machine->device.name() + " with the " + machine->device.image_directory() + " image";
}

template <typename... Arguments>
void run_on_device(const std::string& entry, unsigned blocks, Arguments... arguments) {
  const Kernel kernel = machine->table.load(entry);
  void* pointers[] = {&arguments...};
  CUDA(cuLaunchKernel, kernel.function, blocks, 1, 1, kernel.threads, 1, 1, kernel.shared_bytes, nullptr, pointers,
       nullptr);
  CUDA(cuCtxSynchronize);
}

#define RUN(entry, ...) ::reelspark::run_on_device(#entry, __VA_ARGS__)

#endif

}  // namespace reelspark
