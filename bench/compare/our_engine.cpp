// This project's executor: one arrangement, since the plan decides everything else.
#include "bench/compare/engine.hpp"
#include "bench/network_bench.hpp"

namespace allconv {

namespace {

class OurEngine : public Engine {
 public:
  explicit OurEngine(EngineJob& job)
      : mode_(job.mode),
        pool_(job.threads),
        run_(job.model.network, job.model.parameters,
             {.mode = job.mode, .batch_size = job.batch_size, .plan = {.limits = job.limits}},
             pool_) {
    job.images = run_.input();
    job.labels = run_.labels();
  }

  void iterate() override { run_.iterate(); }
  std::vector<float> logits() override { return run_.logits(); }
  std::vector<float> gradient() override {
    return mode_ == PassMode::explain ? run_.input_gradient() : flattened(run_.gradients());
  }

 private:
  PassMode mode_;
  ThreadPool pool_;
  NetworkRun run_;
};

}  // namespace

std::vector<float> flattened(const Parameters& parameters) {
  std::vector<float> values;
  for (const LayerParameters& layer : parameters) {
    values.insert(values.end(), layer.weights.begin(), layer.weights.end());
    values.insert(values.end(), layer.bias.begin(), layer.bias.end());
  }
  return values;
}

std::vector<Arrangement> our_arrangements(EngineJob& job) {
  return {{"planned", [&job] { return std::make_unique<OurEngine>(job); }}};
}

}  // namespace allconv
