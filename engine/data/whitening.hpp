// Preparations that are fitted to the training images, or the centres of those that are held
// larger, with tensors of their own: `--prepare gcn-zca` and `--prepare pixel-mean`.
#pragma once

#include <vector>

#include "engine/data/training_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

struct FittedPreparation {
  Preparation prepare;
  std::vector<OtherTensor> tensors;  // kMeanTensor, kWhitenTensor
};

// Images of more values than this have no whitening: its matrix would be too large.
inline constexpr std::size_t kMaxWhitenedValues = 8192;

// Global contrast normalisation (scale 55, epsilon 1e-8), then ZCA after Goodfellow et al. 2013:
// with X the normalised images (n, C*H*W) minus their mean, C = X'X/n + 0.1 I = V diag(e) V', the
// images become X V diag(1/sqrt(e)) V'. In double precision; the result does not depend on the
// number of threads. Throws Error{usage} for images of more than kMaxWhitenedValues values.
FittedPreparation fit_gcn_zca(const TrainingSet& images, ThreadPool& pool);

// Each value of an image minus its mean over all images, in units of [0, 1].
FittedPreparation fit_pixel_mean(const TrainingSet& images);

}  // namespace allconv
