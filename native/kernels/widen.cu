// 16-bit results of attention as 32-bit floats, for tensors of that type.
#include <cuda_bf16.h>

#include <cstdint>

namespace reelspark {
namespace {

// What one thread converts: 16 bytes in, 32 out.
constexpr int kPack = 8;

}  // namespace
}  // namespace reelspark

// Grid: one thread for every 8 elements. Both arrays are 16-byte aligned.
extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)
    widen_bf16(const __nv_bfloat16* __restrict__ in, float* __restrict__ out, int64_t count) {
  const int64_t first = (static_cast<int64_t>(blockIdx.x) * REELSPARK_THREADS + threadIdx.x) * reelspark::kPack;
  if (first + reelspark::kPack <= count) {
    const uint4 pack = *reinterpret_cast<const uint4*>(in + first);
    const unsigned words[4] = {pack.x, pack.y, pack.z, pack.w};
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      // A bf16 is the upper half of the float with the same value.
      reinterpret_cast<float4*>(out + first)[i] = make_float4(
          __uint_as_float(words[2 * i] << 16), __uint_as_float(words[2 * i] & 0xffff0000u),
          __uint_as_float(words[2 * i + 1] << 16), __uint_as_float(words[2 * i + 1] & 0xffff0000u));
    }
    return;
  }
  for (int64_t i = first; i < count; ++i) {
    out[i] = __bfloat162float(in[i]);
  }
}
