// `--prepare standardize`: mean 0 and deviation 1 for each colour over the training images.
#pragma once

#include "engine/data/training_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// The colours' mean and standard deviation over all pixels, those of margins too, in units of [0,
// 1]. Sums are exact integers, so the result does not depend on the number of threads. A colour
// that never varies gets the deviation 1.
Preparation standardize(const TrainingSet& images, ThreadPool& pool);

}  // namespace allconv
