// The session behind the C functions' handle.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "allconv/allconv.h"
#include "engine/api/image_stage.hpp"
#include "engine/api/program_memory.hpp"
#include "engine/api/session_options.hpp"
#include "engine/execute/memory_need.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/execute/training_executor.hpp"
#include "engine/prepare/input_transform.hpp"

namespace allconv::api {

// What a session computes with, in the order in which it is taken. Used by one thread at a time.
class Session {
 public:
  // Throws Error{usage} and Error{device} as the C function says.
  Session(std::shared_ptr<const Model> model, const SessionSettings& settings);

  const std::string& device_text() const { return device_text_; }

  void score(const allconv_images& images, const allconv_scores& scores);
  void explain(const allconv_images& images, const allconv_unit* targets, allconv_method method,
               const allconv_explanations& explanations);
  allconv_step train_step(const allconv_images& images, const std::int32_t* labels,
                          const allconv_sgd& sgd);

  // Of the weights as trained so far. Throws Error{training} where one is not finite.
  Model model() const;

  // In a process that was forked off the one that made it: gives up the threads, which are not
  // there, without waiting for them.
  void forget_threads() { static_cast<void>(pool_.release()); }

 private:
  using Executor = std::unique_ptr<NetworkExecutor>;

  void make_scorer(const PlanOptions& options);
  void make_explainers(const PlanOptions& options);
  void make_trainer(const PlanOptions& options);
  // Gives the weights of the last step to the executor, where it has older ones.
  void refresh(NetworkExecutor& executor, std::uint64_t& has_step);
  // A batch on its way, and what of it lies on the GPU.
  struct Flight {
    Batch batch;
    DeviceBatch device;
  };
  // Images [first, first + count) of the view, made the network's input where there is a transform.
  // `may_stay`: the executor may read them on the GPU.
  void place(const allconv_images& images, std::int64_t first, InputTransform* transform,
             bool may_stay, Flight& flight);
  void explain_batch(const allconv_images& images, std::int64_t first, const allconv_unit* targets,
                     const allconv_explanations& explanations, NetworkExecutor& executor);
  int images_at(const allconv_images& images, std::int64_t first) const;
  void check_images(const allconv_images& images) const;
  void check_place(allconv_place place, std::string_view where) const;
  void check_targets(const allconv_images& images, const allconv_unit* targets) const;

  std::shared_ptr<const Model> model_;
  SessionSettings settings_;
  std::unique_ptr<ThreadPool> pool_;
  ProgramMemory host_memory_, gpu_memory_;
  TunedDevice device_;
  std::string device_text_;
  ImageStage stage_;
  std::unique_ptr<InputTransform> transform_;  // the whole preparation; null: the plans' work
  InputTransform* needed_ = nullptr;           // before scoring and training; null: the plan's work
  Shape unit_shape_;                           // of the map where explanations start
  Executor scorer_;
  std::array<Executor, kMethods.size()> explainers_;  // null: not asked for
  std::unique_ptr<TrainingExecutor> trainer_;

  std::uint64_t steps_ = 0;        // of training
  std::uint64_t scorer_step_ = 0;  // whose weights it has
  std::array<std::uint64_t, kMethods.size()> explainer_steps_ = {};
  Parameters trained_;                        // memory for weights on their way
  std::vector<float> losses_;                 // (batch)
  std::vector<float> probabilities_;          // (batch,classes), of training
  std::vector<kernels::UnitChoice> choices_;  // (batch)
  std::vector<kernels::UnitFound> found_;     // (batch)
  std::vector<float> maps_;                   // (batch,h,w,3), on their way to a GPU
};

// What such a session takes beside the model. Nothing is taken, and no GPU is started.
MemoryNeed memory_need(const Model& model, const SessionSettings& settings);

}  // namespace allconv::api

struct allconv_session {
  allconv::api::Session session;
  pid_t process;  // that made it
};
