// Engine: a network on this project or on oneDNN, as tools/compare runs it again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/formats/model_file.hpp"
#include "engine/graph/graph.hpp"
#include "kernels/core/kernel.hpp"

namespace allconv {

// What one engine is to do. Images and labels are those of NetworkRun, so that all engines of a
// comparison can be given the same.
struct EngineJob {
  Model model;
  PassMode mode = PassMode::inference;
  int batch_size = 1;
  int threads = 1;
  kernels::RowLimits limits;         // oneDNN has an environment variable instead
  std::vector<float> images;         // (batch,h,w,c); oneDNN alone
  std::vector<std::int32_t> labels;  // (batch)
};

// Used by one thread at a time.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual void iterate() = 0;

  // Of the last iteration.
  virtual std::vector<float> logits() = 0;  // (batch,classes)
  // Training: of all weights and biases, layer after layer. Explain: of the images, (batch,h,w,c).
  virtual std::vector<float> gradient() = 0;
};

struct Arrangement {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
};

// The ways in which an engine can do the job, which must outlive them; making one throws Error, or
// dnnl::error. This project's engine fills the job's images and labels when made.
std::vector<Arrangement> our_arrangements(EngineJob& job);
std::vector<Arrangement> onednn_arrangements(const EngineJob& job);  // Error{usage} for explain

std::string onednn_version();

// Weights and biases in a row.
std::vector<float> flattened(const Parameters& parameters);

}  // namespace allconv
