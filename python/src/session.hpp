// A session as Python uses it: interruptible, and safe where threads share one.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "allconv/allconv.hpp"
#include "python/src/view.hpp"

namespace allconv::python {

// Arrays of the caller, without gaps, their first axis the images.
using Floats = nanobind::ndarray<float, nanobind::c_contig, nanobind::device::cpu>;
using Integers = nanobind::ndarray<std::int32_t, nanobind::c_contig, nanobind::device::cpu>;
using Labels = nanobind::ndarray<const std::int32_t, nanobind::ndim<1>, nanobind::c_contig,
                                 nanobind::device::cpu>;
using Targets = nanobind::ndarray<const std::int32_t, nanobind::shape<-1, 3>, nanobind::c_contig,
                                  nanobind::device::cpu>;

// Notes and warnings, which come from any thread while the library runs, until Python asks.
class Notes {
 public:
  void add(Severity severity, std::string_view sentence);
  std::vector<std::pair<int, std::string>> take();

 private:
  std::mutex mutex_;
  std::vector<std::pair<int, std::string>> notes_;
};

// Where explanations go; see allconv_explanations.
struct ExplanationArrays {
  Floats maps;     // (count,height,width,3)
  Floats inputs;   // (count,height,width,3)
  Integers units;  // (count,3)
  Floats values;   // (count)
};

// Calls run without Python's lock, in pieces of `batch_size` images between which signals are asked
// for; of calls for one session, one runs and the others wait.
class Session {
 public:
  Session(const Model& model, SessionOptions options);

  // Each (count,classes), or none.
  void score(const View& view, std::optional<Floats> probabilities, std::optional<Floats> logits);

  // A row of `targets` is a unit; none: the largest unit of each image.
  void explain(const View& view, Method method, std::optional<Targets> targets,
               const ExplanationArrays& arrays);

  Step train_step(const View& view, const Labels& labels, const Sgd& sgd);

  Model model();
  std::string device();
  std::vector<std::pair<int, std::string>> take_notes() { return notes_->take(); }

 private:
  // Calls `run(first, count)` for each piece.
  void in_pieces(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& run);

  std::size_t classes_, inputs_;  // numbers of one image's scores, and of its input
  std::int64_t batch_size_;
  std::unique_ptr<Notes> notes_;  // outlives the session
  std::mutex mutex_;              // of the session
  std::optional<allconv::Session> session_;
};

}  // namespace allconv::python
