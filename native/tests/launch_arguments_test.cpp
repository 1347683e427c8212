// The bytes of kernel arguments, which launchers in other languages write: `launch_arguments_test GOLDENS` compares them
// with launch_arguments.txt in that directory, `launch_arguments_test` prints that file.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "check.h"
#include "reelspark/attention_arguments.h"

namespace reelspark {
namespace {

template <typename T>
std::string row(const char* name, const T& arguments) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &arguments, sizeof(T));
  std::string text = std::string(name) + " ";
  for (unsigned char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text + "\n";
}

// Every field has a value of its own, so that no two can be mistaken for each other.
AttentionArguments attention_arguments() {
  uintptr_t address = 0x7f0000000000;
  const auto next = [&address] { return reinterpret_cast<void*>(address += 0x100); };
  AttentionArguments arguments = {};
  arguments.queries = next();
  arguments.keys = next();
  arguments.values = next();
  arguments.query_scales = static_cast<float*>(next());
  arguments.key_scales = static_cast<float*>(next());
  arguments.value_scales = static_cast<float*>(next());
  arguments.ids = static_cast<uint16_t*>(next());
  arguments.counts = static_cast<uint32_t*>(next());
  arguments.row_order = static_cast<uint32_t*>(next());
  arguments.next_row = static_cast<uint32_t*>(next());
  arguments.output = next();
  arguments.output_tokens = static_cast<int32_t*>(next());
  arguments.log_sum_exp = static_cast<float*>(next());
  arguments.log_sum_exp_shift = static_cast<float*>(next());
  arguments.statistics = static_cast<AttentionStatistics*>(next());
  arguments.pv_thresholds = static_cast<float*>(next());
  arguments.output_strides = {1000000000001, 1000000000002, 1000000000003};
  arguments.query_tokens = 1000000000004;
  arguments.key_tokens = 1000000000005;
  arguments.batch = 101;
  arguments.query_heads = 102;
  arguments.key_heads = 103;
  arguments.head_dim = 104;
  arguments.masking = Masking::kCausal;
  arguments.score_scale = 0.125f;
  return arguments;
}

std::string rows() { return row("AttentionArguments", attention_arguments()); }

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc == 1) {
    std::cout << reelspark::rows();
    return 0;
  }
  std::ifstream file(std::string(argv[1]) + "/launch_arguments.txt");
  std::stringstream golden;
  golden << file.rdbuf();
  CHECK(golden.str() == reelspark::rows());
  std::puts("launch_arguments_test: all checks passed");
  return 0;
}
