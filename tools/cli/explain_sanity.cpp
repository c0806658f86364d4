// allconv explain --sanity
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/explain/patch_images.hpp"
#include "engine/explain/sanity.hpp"
#include "engine/explain/sanity_page.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/score/batch_stream.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/explain_options.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

// Class of the largest of the logits but `except`'s; of equals the first.
std::size_t largest_but(std::span<const float> logits, std::size_t except) {
  std::size_t best = except;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (i != except && (best == except || logits[i] > logits[best])) best = i;
  }
  return best;
}

// The test's images, in memory, and the way of a batch of them through the network.
class SanityRun {
 public:
  SanityRun(const Model& model, const DataSet& data, const ExplainerOptions& options,
            std::size_t images, ThreadPool& pool)
      : batch_size_(static_cast<std::size_t>(options.batches.batch_size)),
        pass_(model,
              {.methods = options.methods,
               .batch_size = options.batches.batch_size,
               .images = images,
               .plan = options.batches.plan},
              pool) {
    std::vector<std::size_t> indices(std::min(images, data.size()));
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    loaded_ = load_images(data, indices, load_options(model.prepare, options.batches), pool);
    for (const auto& [index, image] : loaded_) {
      if (const auto failure = loading_failure(image)) {
        leave_out(data.path(index), *failure);
        continue;
      }
      const auto pixels = image.pixels.span();
      pixels_.push_back(pixels.data());
      images_.push_back(
          {.path = data.path(index), .picture = std::vector<float>(pixels.begin(), pixels.end())});
    }
    find_classes();
  }

  std::size_t failed() const { return failed_; }
  std::vector<SanityImage> take_images() { return std::move(images_); }

  void explain(const Parameters& parameters, std::span<const std::size_t> classes,
               const MapSink& sink) {
    pass_.load(parameters);
    in_batches([&](std::size_t first, std::size_t count) {
      std::vector<UnitChoice> units;
      for (std::size_t i = 0; i < count; ++i)
        units.push_back({.channel = static_cast<std::int32_t>(classes[first + i])});
      pass_.run(std::span(pixels_).subspan(first, count), units);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t method = 0; method < pass_.methods(); ++method)
          sink(first + i, method, pass_.attribution(method, i));
      }
    });
  }

 private:
  template <class Use>
  void in_batches(const Use& use) {
    for (std::size_t first = 0; first < pixels_.size(); first += batch_size_) {
      if (interrupted()) throw Error(ErrorKind::interrupted, "the sanity test was interrupted");
      use(first, std::min(batch_size_, pixels_.size() - first));
    }
  }

  void leave_out(const std::string& path, const ScoreFailure& failure) {
    ++failed_;
    print_failed_image(path, failure);
  }

  // Images whose logits are not finite numbers are left out.
  void find_classes() {
    std::vector<const std::uint8_t*> pixels;
    std::vector<SanityImage> images;
    in_batches([&](std::size_t first, std::size_t count) {
      const std::vector<UnitChoice> units(count);
      pass_.run(std::span(pixels_).subspan(first, count), units);
      for (std::size_t i = 0; i < count; ++i) {
        const auto logits = pass_.logits(i);
        SanityImage& image = images_[first + i];
        if (const auto failure = network_failure(logits)) {
          leave_out(image.path, *failure);
          continue;
        }
        image.predicted = pass_.predicted(i);
        image.runner_up = largest_but(logits, image.predicted);
        pixels.push_back(pixels_[first + i]);
        images.push_back(std::move(image));
      }
    });
    pixels_ = std::move(pixels);
    images_ = std::move(images);
  }

  std::size_t batch_size_;
  AttributionPass pass_;
  LoadedImages loaded_;
  std::vector<const std::uint8_t*> pixels_;
  std::vector<SanityImage> images_;
  std::size_t failed_ = 0;
};

}  // namespace

int run_sanity(const ExplainArguments& arguments, const Model& model, const DataSet& data,
               const ExplainerOptions& options, ComputeDevice& device) {
  const auto images = static_cast<std::size_t>(arguments.sanity_images);
  SanityRun run(model, data, options, images, device.pool());
  SanityRequest request{.images = run.take_images(),
                        .methods = {},
                        .origin = {.model = arguments.model,
                                   .device = device.name(),
                                   .precision = arguments.common.precision}};
  if (request.images.empty()) {
    print_note("there is no image to test");
    return kSomeInputsFailed;
  }
  for (const ReluRule rule : options.methods) request.methods.emplace_back(rule_name(rule));
  ProgressBar bar("sanity test");
  std::size_t done = 0;
  const std::size_t passes = sanity_passes(model, request);
  const auto explain = [&](const Parameters& parameters, std::span<const std::size_t> classes,
                           const MapSink& sink) {
    run.explain(parameters, classes, sink);
    bar.update(++done, passes);
  };
  const SanityResult result = run_sanity_test(model, request, explain);
  for (const SanityMethod& method : result.methods) {
    print_note(verdict_on_learning(method, result).sentence);
    print_note(verdict_on_class(method).sentence);
  }
  write_sanity(result, arguments.output);
  print_note(fmt::format("wrote {}/sanity.html", arguments.output));
  return run.failed() == 0 ? kDone : kSomeInputsFailed;
}

}  // namespace allconv::cli
