// bench_decode: how many images of a set are decoded and resized a second by the threads that would
// do it ahead of a network, without the network.
//
//     bench_decode photos/ --size 224x224 --decode fast --threads 2
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <string>

#include "bench/timing.hpp"
#include "engine/data/decode_ahead.hpp"
#include "engine/runtime/cpu/device.hpp"

namespace allconv {

namespace {

struct Options {
  std::string data;
  std::string size = "32x32";  // HEIGHTxWIDTH
  std::string decode = "exact";
  int threads = available_threads();
  int repetitions = 5;
};

LoadOptions load_options(const Options& options) {
  LoadOptions load;
  int end = 0;
  if (std::sscanf(options.size.c_str(), "%dx%d%n", &load.target.height, &load.target.width, &end) !=
          2 ||
      options.size[static_cast<std::size_t>(end)] != '\0' || load.target.height < 1 ||
      load.target.width < 1) {
    throw CLI::ValidationError("--size", "takes HEIGHTxWIDTH, as in 224x224");
  }
  load.mode = options.decode == "fast" ? DecodeMode::fast : DecodeMode::exact;
  return load;
}

// Takes every image once; returns how many failed.
std::size_t decode_all(const DataSet& data, const LoadOptions& load, ThreadPool& pool) {
  std::size_t failed = 0;
  DecodeAhead images(data, IndexRange::all(data.size()), load, pool);
  while (const auto image = images.next()) failed += image->ok() ? 0 : 1;
  return failed;
}

void run(const Options& options) {
  const LoadOptions load = load_options(options);
  const DataSet data = open_data(options.data, Split::all, OpenMode::score);
  ThreadPool pool(options.threads);
  std::size_t failed = 0;
  const std::clock_t start = std::clock();
  // The first pass also brings the files into the system's cache.
  const Timing timing = measure({.warmup = 1, .iterations = options.repetitions},
                                [&] { failed = decode_all(data, load, pool); });
  // Of all threads; says more than the rate where other programs share the cores.
  const double processor_seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double decoded = static_cast<double>(data.size()) * (options.repetitions + 1);
  const auto rate = [&](double seconds) { return static_cast<double>(data.size()) / seconds; };
  fmt::print("{}\n", device_text());
  fmt::print(
      "{} images ({} failed), to {}, {}, {} threads: {:.1f} images/s (best {:.1f}), {:.3f} ms of "
      "processor time an image\n",
      data.size(), failed, options.size, options.decode, options.threads, rate(timing.median()),
      rate(timing.min()), 1e3 * processor_seconds / decoded);
}

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) try {
  allconv::Options options;
  CLI::App app("Decodes and resizes all images of a set, again and again, and prints images/s.");
  app.add_option("data", options.data, "a folder, a tar, a list, as for score")->required();
  app.add_option("--size", options.size, "HEIGHTxWIDTH to resize to");
  app.add_option("--decode", options.decode)->check(CLI::IsMember({"exact", "fast"}));
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--repetitions", options.repetitions)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, arguments);
  allconv::run(options);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_decode: %s\n", error.what());
  return 1;
}
