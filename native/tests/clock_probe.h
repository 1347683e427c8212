// The clock that the multiprocessors run at, read on the device: cycles and nanoseconds of the same short wait.
#pragma once

#include "cuda_driver.h"

namespace reelspark {

class ClockProbe {
 public:
  ClockProbe() {
    CUDA(cuModuleLoadData, &module_, kSource);
    CUDA(cuModuleGetFunction, &function_, module_, "clock_probe");
  }
  ClockProbe(const ClockProbe&) = delete;
  ClockProbe& operator=(const ClockProbe&) = delete;
  ~ClockProbe() { CUDA(cuModuleUnload, module_); }

  // Of the moment after the work that the default stream has.
  double megahertz() const {
    uint64_t result = counts_.address();
    void* parameters[] = {&result};
    CUDA(cuLaunchKernel, function_, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr);
    const std::vector<uint64_t> counts = counts_.read();
    return 1e3 * counts[0] / counts[1];
  }

 private:
  // Waits until the nanosecond counter, which moves in steps, has moved by 100 us.
  static constexpr const char* kSource = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry clock_probe(.param .u64 result) {
  .reg .b64 r<8>;
  .reg .pred p;
  ld.param.u64 r1, [result];
  mov.u64 r2, %globaltimer;
  mov.u64 r3, %clock64;
wait:
  mov.u64 r4, %globaltimer;
  mov.u64 r5, %clock64;
  sub.u64 r6, r4, r2;
  setp.lt.u64 p, r6, 100000;
  @p bra wait;
  sub.u64 r7, r5, r3;
  st.global.u64 [r1], r7;
  st.global.u64 [r1+8], r6;
  ret;
}
)";

  CUmodule module_ = nullptr;
  CUfunction function_ = nullptr;
  cuda::Buffer<uint64_t> counts_{2};
};

}  // namespace reelspark
