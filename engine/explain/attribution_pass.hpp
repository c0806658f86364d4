// AttributionPass: batches of images through a network and back to the input, once a method.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/execute/network_executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/prepare/input_transform.hpp"

namespace allconv {

using kernels::UnitChoice;
using kernels::UnitFound;

struct AttributionOptions {
  std::vector<ReluRule> methods;          // at least one
  std::optional<std::size_t> layer = {};  // at whose output the signal starts; none: at a logit
  int batch_size = 32;
  std::size_t images = SIZE_MAX;  // that will come at most
  PlanOptions plan = {};
};

// Used by one thread at a time. The pool must outlive it. Errors are those of executors.
class AttributionPass {
 public:
  AttributionPass(const Model& model, const AttributionOptions& options, ThreadPool& pool);

  // Takes other weights of the same network.
  void load(const Parameters& parameters);

  // Runs up to a batch of images: one pointer an image, each to (h,w,3) bytes, and one choice an
  // image, within the map where the signal starts.
  void run(std::span<const std::uint8_t* const> pixels, std::span<const UnitChoice> units);

  // Of image `i` of the last run, valid until the next.
  std::span<const float> input(std::size_t i) const;                            // (h,w,3), prepared
  std::span<const float> attribution(std::size_t method, std::size_t i) const;  // (h,w,3)
  std::span<const float> logits(std::size_t i) const;                           // (classes)
  std::span<const float> probabilities(std::size_t i) const;                    // (classes)
  std::size_t predicted(std::size_t i) const;  // class of the largest logit, of equals the first
  UnitFound found(std::size_t i) const { return found_[i]; }

  std::size_t methods() const { return executors_.size(); }
  // Of the map where the signal starts.
  const Shape& unit_shape() const { return unit_shape_; }

  std::vector<std::string> notes() const { return executors_.front()->notes(); }

 private:
  std::size_t floats_;  // of one image
  std::size_t classes_;
  Shape unit_shape_;
  std::unique_ptr<InputTransform> transform_;
  std::vector<std::unique_ptr<NetworkExecutor>> executors_;  // one a method
  const float* input_ = nullptr;                             // of the last run
  std::vector<std::vector<float>> attributions_;             // (batch,h,w,3) a method
  std::vector<float> logits_, probabilities_;                // (batch,classes)
  std::vector<UnitFound> found_;                             // (batch)
};

}  // namespace allconv
