// Layer-sequential unit-variance initialisation (Mishkin and Matas 2015, arXiv 1511.06422).
#pragma once

#include <cstdint>

#include "engine/data/training_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Orthonormal weights and biases `bias` for the model's network; then, layer after layer, the
// weights divided by the deviation of the layer's output, before its ReLU, over an ImageSample of
// the set. The paper repeats this until the variance is within a tolerance of 1; a convolution's
// output without its bias scales with its weights, so once is enough. A layer whose output does not
// vary is left as it is. A function of the model's network and preparation, the set, the seed and
// the kernels.
Parameters lsuv_parameters(const Model& model, const TrainingSet& set, std::uint64_t seed,
                           float bias, const PlanOptions& options, ThreadPool& pool);

}  // namespace allconv
