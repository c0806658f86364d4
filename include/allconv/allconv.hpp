// allconv in C++20: load, make, save, run and train all-convolutional networks.
//
//     const allconv::Model model = allconv::Model::load("model.safetensors");
//     allconv::Session session(model, {.threads = 4});
//     const allconv::Scores scores = session.score(allconv::nhwc(pixels, 1, 32, 32));
//     std::cout << model.class_name(scores.best(0)) << '\n';
//
// A thin layer of inline functions over the C functions of allconv.h, which alone cross the
// library's border: programs may be built by another compiler, or with other flags. Every function
// throws Error where it fails, and has then changed nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "allconv/allconv.h"

// The inner name keeps these apart from the library's own types, where both are in one program.
namespace allconv {
inline namespace v0 {

using Status = allconv_status;

// what() is one sentence: what, where, how to mend it.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}

  Status status() const { return status_; }

 private:
  Status status_;
};

// Throws the calling thread's last error unless `status` is ALLCONV_OK.
inline void check(Status status) {
  if (status != ALLCONV_OK) throw Error(status, allconv_last_error());
}

enum class Severity { note = ALLCONV_NOTE, warning = ALLCONV_WARNING };

// Takes a sentence without a newline; may be called from any thread, one at a time, while a
// function of the library runs. What it throws is dropped.
using Diagnostics = std::function<void(Severity, std::string_view)>;

// For the C functions: `user` points to a Diagnostics.
inline void pass_diagnostics(void* user, allconv_severity severity, const char* sentence) noexcept {
  try {
    (*static_cast<const Diagnostics*>(user))(static_cast<Severity>(severity), sentence);
  } catch (...) {  // must not cross the library
  }
}

// Float32 numbers without gaps, the last extent innermost; all borrowed.
struct TensorView {
  std::string_view name;  // "conv1.weight" (k,c,r,s), "conv1.bias" (k), "prepare.mean" (c*h*w), ...
  std::span<const float> values;
  std::vector<std::int64_t> shape;
};

// What a model is made of; see allconv_model_parts.
struct ModelParts {
  std::string network = "all-cnn-c";      // a name of the paper's, or JSON
  std::vector<std::string> classes = {};  // names; empty: "0", "1", ... `class_count` times
  std::size_t class_count = 0;            // without names; 0: the network's own, or the paper's
  std::string preparation = {};           // JSON; empty: levels 0..255 become 0..1
  std::vector<TensorView> tensors = {};   // empty: weights are drawn
  std::uint64_t seed = 0;                 // of weights that are drawn
};

// A network with weights, names of classes and a preparation of images. Immutable; copies share it,
// and any number of threads may use it.
class Model {
 public:
  static Model load(const std::string& path);
  static Model create(const ModelParts& parts);
  // Takes over a handle of the C functions.
  explicit Model(allconv_model* model) : model_(model, allconv_model_free) {}

  // `path` is the old file or the whole new one, whatever happens.
  void save(const std::string& path) const { check(allconv_model_save(handle(), path.c_str())); }

  // The same for other classes: where their number differs, the last layer is drawn anew.
  Model with_classes(const std::vector<std::string>& classes, std::uint64_t seed = 0) const;

  std::string network() const { return allconv_model_network(handle()); }          // JSON
  std::string preparation() const { return allconv_model_preparation(handle()); }  // JSON

  // Of the network's input, to which images are resized.
  int height() const { return allconv_model_height(handle()); }
  int width() const { return allconv_model_width(handle()); }

  std::size_t class_count() const { return allconv_model_class_count(handle()); }
  // Throws std::out_of_range.
  std::string class_name(std::size_t index) const;

  // Weight and bias of each convolution in layer order, then tensors of the preparation. They are
  // the model's, and live as long.
  std::vector<TensorView> tensors() const;

  const allconv_model* handle() const { return model_.get(); }

 private:
  std::shared_ptr<allconv_model> model_;
};

// Images in the caller's memory: see allconv_images, whose strides may be any.
using Images = allconv_images;

// (count,height,width,3), without gaps: RGB levels, or the network's input.
inline Images nhwc(const std::uint8_t* data, std::int64_t count, std::int64_t height,
                   std::int64_t width) {
  return allconv_nhwc_u8(data, count, height, width);
}
inline Images nhwc(const float* data, std::int64_t count, std::int64_t height, std::int64_t width) {
  return allconv_nhwc_f32(data, count, height, width);
}
// (count,3,height,width), without gaps.
inline Images nchw(const std::uint8_t* data, std::int64_t count, std::int64_t height,
                   std::int64_t width) {
  return allconv_nchw_u8(data, count, height, width);
}
inline Images nchw(const float* data, std::int64_t count, std::int64_t height, std::int64_t width) {
  return allconv_nchw_f32(data, count, height, width);
}

// The same images where the pointer is of the session's GPU.
inline Images on_gpu(Images images) {
  images.place = ALLCONV_CUDA;
  return images;
}

enum class Method {
  gradient = ALLCONV_GRADIENT,
  deconvnet = ALLCONV_DECONVNET,
  guided = ALLCONV_GUIDED
};

// What a session will be used for; memory is taken for that when it is made.
struct Purposes {
  bool scores = true;
  bool training = false;
  std::vector<Method> explanations = {};
};

// See allconv_session_options.
struct SessionOptions {
  Purposes purposes = {};
  allconv_element element = ALLCONV_U8;  // of the images that calls will bring
  int batch_size = 64;                   // images computed together; larger calls are cut
  int threads = 0;                       // of the CPU; 0: all that the process may use
  std::string device = "auto";           // "cpu", "cuda", "cuda:1"
  std::string precision = "fp32";        // on a CPU with AMX also "bf16", on a GPU all
  bool deterministic = false;            // on a GPU the same bits on every run
  std::string layer = {};                // where explanations start; empty: at a class
  std::size_t workspace_limit = 0;       // bytes; 0: no limit
  std::string tuning_file = {};          // an answer of `allconv tune`; empty: none
  void* stream = nullptr;                // a cudaStream_t of memory on the GPU; null: the default
  std::uint64_t seed = 0;                // of dropout
  allconv_allocator allocator = {};      // of its memory; empty: the library's own
  Diagnostics diagnostics = {};          // empty: notes and warnings are dropped
};

// One row an image.
struct Scores {
  std::size_t classes = 0;
  std::vector<float> probabilities;  // (count,classes)
  std::vector<float> logits;         // (count,classes), what enters the softmax

  std::span<const float> of(std::size_t image) const {
    return std::span(probabilities).subspan(image * classes, classes);
  }
  // The class of the largest probability, of equals the first.
  std::size_t best(std::size_t image) const {
    const std::span<const float> row = of(image);
    return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
};

// At which the signal starts with 1. Negative: where the values are largest.
using Unit = allconv_unit;
inline Unit class_unit(int index) { return {index, 0, 0}; }
inline constexpr Unit kLargestUnit = {-1, -1, -1};  // of classes: the predicted one

struct Explanations {
  std::vector<float> maps;    // (count,height,width,3): the signal at the network's input
  std::vector<float> inputs;  // (count,height,width,3): what the network saw
  std::vector<Unit> units;    // (count): those taken
  std::vector<float> values;  // (count): theirs
};

using Sgd = allconv_sgd;
using Step = allconv_step;
using Memory = allconv_memory;

// One plan and its memory for each purpose. Movable. For one thread at a time; sessions of one
// model run side by side.
class Session {
 public:
  explicit Session(const Model& model, const SessionOptions& options = {});

  // Bytes that a session of these options will take, beside the model.
  static Memory memory(const Model& model, const SessionOptions& options = {});

  Scores score(const Images& images);
  // Into memory of the caller; null where not wanted.
  void score(const Images& images, const allconv_scores& scores) {
    check(allconv_score(handle(), &images, &scores));
  }

  // One target for each image; none: the largest unit of each.
  Explanations explain(const Images& images, Method method, std::span<const Unit> targets = {});
  void explain(const Images& images, Method method, const Unit* targets,
               const allconv_explanations& explanations) {
    check(allconv_explain(handle(), &images, targets, static_cast<allconv_method>(method),
                          &explanations));
  }

  // One step of stochastic gradient descent; a label for each image. Scores and explanations of the
  // session follow the weights.
  Step train_step(const Images& images, std::span<const std::int32_t> labels, const Sgd& sgd);

  // Of the session's weights, as trained so far.
  Model model() const;

  // "cpu (AMD EPYC 9654, avx512), 8 threads, fp32"
  std::string device() const { return allconv_session_device(handle()); }

  allconv_session* handle() const { return session_.get(); }

 private:
  struct Free {
    void operator()(allconv_session* session) const { allconv_session_free(session); }
  };

  Model model_;
  std::unique_ptr<Diagnostics> diagnostics_;  // where the session finds it wherever this moves
  std::unique_ptr<allconv_session, Free> session_;
};

}  // namespace v0
}  // namespace allconv

#include "allconv/inline.hpp"  // IWYU pragma: export
