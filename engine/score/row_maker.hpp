// RowMaker: a model's outputs for one image made into a result row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/formats/result_rows.hpp"
#include "engine/score/scorer.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/top_k/problem.hpp"

namespace allconv {

// Used by one thread. Borrows the class names.
class RowMaker {
 public:
  // `top_k`: guesses a row, at most as many as there are classes.
  RowMaker(const std::vector<std::string>& classes, std::size_t top_k, bool with_logits);

  // Guesses of a row without an error.
  std::size_t guesses() const { return guesses_; }

  ScoreRow make(const ScoredImage& image, std::string path);

 private:
  const std::vector<std::string>& classes_;
  bool with_logits_;
  std::size_t guesses_;
  std::unique_ptr<const kernels::PreparedKernel<kernels::TopK>> kernel_;
  kernels::Buffer<float> probabilities_;   // (classes), aligned for the kernel
  kernels::Buffer<float> values_;          // (guesses)
  kernels::Buffer<std::int32_t> indices_;  // (guesses)
  kernels::Buffer<std::byte> scratch_;
};

}  // namespace allconv
