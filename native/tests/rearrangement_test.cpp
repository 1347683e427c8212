// Kernels that move elements: tokens and pixels. On a GPU, `rearrangement_test KERNEL_DIR`, or on the host.
#include "kernel_machine.h"
#include "model_values.h"

#ifdef REELSPARK_HOST_GPU
#include "pixels.cu"
#include "tokens.cu"
#else
#include "reelspark/patches.h"
#endif

namespace reelspark {
namespace {

constexpr unsigned kBlocks = 2;

#define WITH(entry) [](auto... arguments) { RUN(entry, kBlocks, arguments...); }

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

void rows_are_gathered() {
  for (const int64_t columns : {1, 3, 8, 64, 100, 4096}) {
    const int32_t rows = 41;
    const auto values = random_values<__nv_bfloat16>(rows * columns, 1);
    const auto order = random_order(rows, 2);
    const Array<__nv_bfloat16> from(values), gathered(values.size());
    const Array<int32_t> indices(order);
    const int64_t count = rows;
    const void* const source = from.data();
    void* const target = gathered.data();
    RUN(gather_rows, kBlocks, source, indices.data(), target, count, 2 * columns);
    const auto actual = gathered.read();
    for (int row = 0; row < rows; ++row) {
      CHECK(std::memcmp(&actual[row * columns], &values[order[row] * columns], 2 * columns) == 0);
    }
  }
}

const PatchGrid kGrids[] = {{16, 3, 6, 10, 1, 2, 2}, {3, 4, 9, 4, 2, 3, 1}, {1, 1, 1, 1, 1, 1, 1}};

// Calls use(token, channel, offset, latent's place) for every element, by its coordinates.
template <typename Use>
void each_element(const PatchGrid& g, const std::vector<int32_t>& order, const Use& use) {
  std::vector<int64_t> token_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) token_of[order[i]] = i;
  for (int c = 0; c < g.channels; ++c) {
    for (int f = 0; f < g.frames; ++f) {
      for (int y = 0; y < g.height; ++y) {
        for (int x = 0; x < g.width; ++x) {
          const int patch = (f / g.patch_frames * (g.height / g.patch_height) + y / g.patch_height) *
                                (g.width / g.patch_width) + x / g.patch_width;
          const int offset =
              (f % g.patch_frames * g.patch_height + y % g.patch_height) * g.patch_width + x % g.patch_width;
          use(token_of[patch], c, offset, ((int64_t{c} * g.frames + f) * g.height + y) * g.width + x);
        }
      }
    }
  }
}

template <typename T, typename Run>
void patchify_is_right(const Run& run) {
  for (const PatchGrid& grid : kGrids) {
    const int64_t count = grid.patches() * grid.columns();
    const auto values = random_values<float>(count, 3);
    const auto order = random_order(static_cast<int32_t>(grid.patches()), 4);
    const Array<float> latents(values);
    const Array<int32_t> orders(order);
    const Array<T> tokens(count);
    run(latents.data(), orders.data(), grid, tokens.data());
    std::vector<T> expected(count);
    each_element(grid, order, [&](int64_t token, int channel, int offset, int64_t place) {
      expected[token * grid.columns() + channel * grid.offsets() + offset] = T(values[place]);
    });
    CHECK(same(tokens.read(), expected));
  }
}

template <typename T, typename Run>
void unpatchify_is_right(const Run& run) {
  for (const PatchGrid& grid : kGrids) {
    const int64_t count = grid.patches() * grid.columns();
    const auto values = random_values<T>(count, 3);
    const auto order = random_order(static_cast<int32_t>(grid.patches()), 4);
    const Array<T> tokens(values);
    const Array<int32_t> orders(order);
    const Array<float> latents(count);
    run(tokens.data(), orders.data(), grid, latents.data());
    std::vector<float> expected(count);
    each_element(grid, order, [&](int64_t token, int channel, int offset, int64_t place) {
      expected[place] = float(values[token * grid.columns() + offset * grid.channels + channel]);
    });
    CHECK(same(latents.read(), expected));
  }
}

template <typename T, typename Run>
void latents_become_video(const Run& run) {
  const int64_t pixels = 777;
  const int channels = 16;
  const auto values = random_values<float>(pixels * channels, 5);
  const auto deviation = random_values<float>(channels, 6), mean = random_values<float>(channels, 7);
  const Array<float> latents(values), deviations(deviation), means(mean);
  const Array<T> video(values.size());
  run(latents.data(), deviations.data(), means.data(), video.data(), pixels, channels);
  std::vector<double> expected;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int c = 0; c < channels; ++c) {
      expected.push_back(double(values[c * pixels + pixel]) * deviation[c] + mean[c]);
    }
  }
  check_close(video.read(), expected);
}

template <typename T, typename Run>
void frames_are_interleaved(const Run& run) {
  for (const int channels : {8, 96, 5}) {
    const int64_t frames = 3, pixels = 21;
    const auto values = random_values<T>(frames * pixels * 2 * channels, 8);
    const Array<T> x(values), out(values.size());
    run(x.data(), out.data(), frames, pixels, channels);
    std::vector<T> expected;
    for (int64_t frame = 0; frame < 2 * frames; ++frame) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        const auto first = values.begin() + (frame / 2 * pixels + pixel) * 2 * channels + frame % 2 * channels;
        expected.insert(expected.end(), first, first + channels);
      }
    }
    CHECK(same(out.read(), expected));
  }
}

struct Shortcut {
  int channels, out_channels, frame_factor, dropped;
};

// By the definition: repeat channels, reshape to (out channel, frame, row, column), move these into time and space.
template <typename T, typename Run>
void duplicates_are_added(const Run& run) {
  for (const Shortcut& shortcut :
       {Shortcut{8, 4, 2, 0}, Shortcut{8, 4, 2, 1}, Shortcut{6, 3, 1, 0}, Shortcut{8, 8, 2, 1}}) {
    const int frames = 3, height = 4, width = 5;
    const int64_t out_frames = frames * shortcut.frame_factor - shortcut.dropped;
    const auto values = random_values<T>(frames * height * width * shortcut.channels, 9);
    const auto before = random_values<T>(out_frames * 4 * height * width * shortcut.out_channels, 10);
    const Array<T> x(values), out(before);
    run(x.data(), out.data(), out_frames, height, width, shortcut.channels, shortcut.out_channels,
        shortcut.frame_factor, shortcut.dropped);
    const int repeats = 4 * shortcut.frame_factor * shortcut.out_channels / shortcut.channels;
    std::vector<double> expected(before.size());
    for (int64_t t = 0; t < frames; ++t) {
      for (int y = 0; y < height; ++y) {
        for (int column = 0; column < width; ++column) {
          for (int repeated = 0; repeated < shortcut.channels * repeats; ++repeated) {
            int rest = repeated;
            const int dx = rest % 2, dy = rest / 2 % 2;
            rest /= 4;
            const int dt = rest % shortcut.frame_factor, channel = rest / shortcut.frame_factor;
            const int64_t frame = t * shortcut.frame_factor + dt - shortcut.dropped;
            if (frame < 0) continue;
            const int64_t place = ((frame * 2 * height + 2 * y + dy) * 2 * width + 2 * column + dx) *
                                      shortcut.out_channels + channel;
            const int64_t source = ((t * height + y) * width + column) * shortcut.channels + repeated / repeats;
            expected[place] = double(float(before[place])) + float(values[source]);
          }
        }
      }
    }
    check_close(out.read(), expected);
  }
}

template <typename T, typename Run>
void pixels_are_unpatched(const Run& run) {
  const int64_t frames = 2;
  const int height = 3, width = 5, channels = 3, patch = 2;
  const auto values = random_values<T>(frames * height * width * channels * patch * patch, 11);
  const Array<T> x(values), out(values.size());
  run(x.data(), out.data(), frames, height, width, channels, patch);
  std::vector<T> expected(values.size());
  int64_t i = 0;
  for (int64_t t = 0; t < frames; ++t) {
    for (int y = 0; y < height; ++y) {
      for (int column = 0; column < width; ++column) {
        for (int channel = 0; channel < channels; ++channel) {
          for (int dx = 0; dx < patch; ++dx) {
            for (int dy = 0; dy < patch; ++dy) {
              expected[((t * height * patch + y * patch + dy) * width * patch + column * patch + dx) * channels +
                       channel] = values[i++];
            }
          }
        }
      }
    }
  }
  CHECK(same(out.read(), expected));
}

template <typename T, typename Run>
void levels_become_bytes(const Run& run) {
  for (const int64_t count : {1, 8, 4099}) {
    auto values = random_values<T>(count, 12);
    values[count / 2] = T(NAN);
    values[0] = T(1.0f);
    const Array<T> x(values);
    const Array<uint8_t> out(count);
    run(x.data(), out.data(), count);
    std::vector<uint8_t> expected;
    for (const T& value : values) {
      const float level = float(value) / 2 + 0.5f;
      const float clamped = std::isnan(level) ? 0 : std::fmax(0.0f, std::fmin(1.0f, level));
      expected.push_back(static_cast<uint8_t>(clamped * 255));
    }
    CHECK(same(out.read(), expected));
  }
}

void all() {
  rows_are_gathered();
  patchify_is_right<float>(WITH(patchify_f32_to_f32));
  patchify_is_right<__nv_bfloat16>(WITH(patchify_f32_to_bf16));
  unpatchify_is_right<float>(WITH(unpatchify_f32_to_f32));
  unpatchify_is_right<__nv_bfloat16>(WITH(unpatchify_bf16_to_f32));
  latents_become_video<float>(WITH(latents_to_video_f32));
  latents_become_video<__half>(WITH(latents_to_video_f16));
  latents_become_video<__nv_bfloat16>(WITH(latents_to_video_bf16));
  frames_are_interleaved<float>(WITH(interleave_frames_f32));
  frames_are_interleaved<__half>(WITH(interleave_frames_f16));
  frames_are_interleaved<__nv_bfloat16>(WITH(interleave_frames_bf16));
  duplicates_are_added<float>(WITH(duplicate_upsample_add_f32));
  duplicates_are_added<__half>(WITH(duplicate_upsample_add_f16));
  duplicates_are_added<__nv_bfloat16>(WITH(duplicate_upsample_add_bf16));
  pixels_are_unpatched<float>(WITH(unpatchify_pixels_f32));
  pixels_are_unpatched<__half>(WITH(unpatchify_pixels_f16));
  pixels_are_unpatched<__nv_bfloat16>(WITH(unpatchify_pixels_bf16));
  levels_become_bytes<float>(WITH(to_rgb_f32));
  levels_become_bytes<__half>(WITH(to_rgb_f16));
  levels_become_bytes<__nv_bfloat16>(WITH(to_rgb_bf16));
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  const std::string machine = reelspark::open_machine(argc, argv);
  reelspark::all();
  std::printf("rearrangement_test: all checks passed on %s\n", machine.c_str());
  return 0;
}
