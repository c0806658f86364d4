// ImageSample: a few images of a training set as a network's input, to look at its activations.
#pragma once

#include <memory>
#include <vector>

#include "engine/data/training_set.hpp"
#include "engine/execute/batch.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/plan/plan.hpp"
#include "engine/prepare/input_transform.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Up to 128 images, spread evenly over the set, prepared as the model says. The set must outlive
// it.
class ImageSample {
 public:
  ImageSample(const Model& model, const TrainingSet& set, const PlanOptions& options,
              ThreadPool& pool);

  int size() const { return batch_.images; }
  const Batch& batch() const { return batch_; }  // the input alone

 private:
  std::vector<const std::uint8_t*> pixels_;
  std::unique_ptr<InputTransform> transform_;  // null: none
  Batch batch_;
};

}  // namespace allconv
