// oneDNN driven directly: its direct convolutions alone, or whichever algorithm it prefers.
#include <fmt/format.h>

#include "bench/compare/engine.hpp"
#include "bench/onednn/direct_network.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

class OnednnEngine : public Engine {
 public:
  OnednnEngine(const EngineJob& job, dnnl::algorithm algorithm)
      : network_(job.model.network, job.model.parameters,
                 {.mode = job.mode,
                  .batch_size = job.batch_size,
                  .threads = job.threads,
                  .algorithm = algorithm}) {
    network_.set_batch(job.images, job.labels);
  }

  void iterate() override { network_.iterate(); }
  std::vector<float> logits() override { return network_.logits(); }
  std::vector<float> gradient() override { return flattened(network_.gradients()); }

 private:
  DirectNetwork network_;
};

}  // namespace

std::vector<Arrangement> onednn_arrangements(const EngineJob& job) {
  if (job.mode == PassMode::explain) {
    throw Error(ErrorKind::usage, "oneDNN is not driven backwards to the images", "explain");
  }
  const auto making = [&job](dnnl::algorithm algorithm) {
    return [&job, algorithm] { return std::make_unique<OnednnEngine>(job, algorithm); };
  };
  return {{"direct", making(dnnl::algorithm::convolution_direct)},
          {"any algorithm", making(dnnl::algorithm::convolution_auto)}};
}

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace allconv
