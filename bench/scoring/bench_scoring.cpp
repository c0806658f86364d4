// bench_scoring: whether scoring keeps the network busy. Turn about in one process, over the same
// images and threads: decoding alone, the network alone, and scoring, which is both.
//
//     bench_scoring model.safetensors pictures/ --rounds 5
//
// Where both share the same cores, scoring can at best reach 1 / (1/decoding + 1/network).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "bench/network_bench.hpp"
#include "bench/timing.hpp"
#include "engine/data/decode_ahead.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/score/scorer.hpp"

namespace allconv {

namespace {

struct Options {
  std::string model;
  std::string data;
  int threads = available_threads();
  int batch_size = 64;
  int rounds = 5;
};

// The three measured in each round, with the images that each of them handles.
class Rounds {
 public:
  explicit Rounds(const Options& options)
      : options_(options),
        pool_(options.threads),
        model_(read_model(options.model)),
        data_(open_data(options.data, Split::all, OpenMode::score)),
        scorer_(model_, {.batch_size = options.batch_size}, pool_),
        network_(model_.network, model_.parameters, {.batch_size = options.batch_size}, pool_),
        batches_((data_.size() - 1) / static_cast<std::size_t>(options.batch_size) + 1) {}

  void run() {
    decode();  // brings the files into the system's cache
    std::vector<double> decoding, network, scoring;
    for (int round = 0; round < options_.rounds; ++round) {
      decoding.push_back(rate(data_.size(), [this] { decode(); }));
      const auto network_images = batches_ * static_cast<std::size_t>(options_.batch_size);
      network.push_back(rate(network_images, [this] {
        for (std::size_t batch = 0; batch < batches_; ++batch) network_.iterate();
      }));
      scoring.push_back(rate(data_.size(), [this] { score(); }));
    }
    report(Timing(decoding).median(), Timing(network).median(), Timing(scoring).median());
  }

 private:
  static double rate(std::size_t images, FunctionRef<void()> body) {
    return static_cast<double>(images) / measure({.warmup = 0, .iterations = 1}, body).min();
  }

  void decode() {
    DecodeAhead images(data_, IndexRange::all(data_.size()),
                       {.target = image_target(model_.prepare)}, pool_);
    while (images.next()) continue;
  }

  void score() {
    std::size_t failed = 0;
    scorer_.run(data_, IndexRange::all(data_.size()),
                {.image = [&](const ScoredImage& image) { failed += image.failure.has_value(); },
                 .cancelled = {}});
    failed_ = failed;
  }

  void report(double decoding, double network, double scoring) const {
    fmt::print("{}, {} threads, {} images ({} failed), median of {} rounds\n", device_text(),
               options_.threads, data_.size(), failed_, options_.rounds);
    fmt::print("decoding {:.0f} images/s, network {:.0f}, scoring {:.0f}: {:.3f} of the slower\n",
               decoding, network, scoring, scoring / std::min(decoding, network));
  }

  const Options& options_;
  ThreadPool pool_;
  Model model_;
  DataSet data_;
  Scorer scorer_;
  NetworkRun network_;
  std::size_t batches_;
  std::size_t failed_ = 0;
};

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) try {
  allconv::Options options;
  CLI::App app("Measures decoding, the network, and scoring, which is both, turn about.");
  app.add_option("model", options.model, "a model file")->required();
  app.add_option("data", options.data, "images, as for score")->required();
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--batch-size", options.batch_size)->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.rounds)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, arguments);
  allconv::Rounds(options).run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_scoring: %s\n", error.what());
  return 1;
}
