// Helpers of the oneDNN rows; included by *_onednn.cpp only.
#pragma once

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels::onednn {

// oneDNN runs with the thread's own OpenMP setting; inside a worker that is one thread. Restores
// the caller's setting.
class SingleThread {
 public:
  SingleThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThread() { omp_set_num_threads(before_); }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

// Descriptors and primitives refer to their engine without owning it: this one outlives them all.
inline const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// One primitive and its argument memories. run() sets a pointer only when it changed: setting the
// pointer of a padded format makes oneDNN write zeros into the padding.
class BoundPrimitive {
 public:
  BoundPrimitive(const dnnl::engine& engine, const dnnl::primitive& primitive,
                 const std::vector<std::pair<int, dnnl::memory::desc>>& arguments)
      : primitive_(primitive), stream_(engine) {
    for (const auto& [id, desc] : arguments) {
      memories_.emplace_back(desc, engine, nullptr);
      arguments_.push_back({id, memories_.back().get()});
    }
    bound_.resize(arguments_.size(), nullptr);
  }

  // `pointers` in the order of the constructor's arguments. Throws dnnl::error.
  template <std::size_t kCount>
  void run(const std::array<const void*, kCount>& pointers) {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (bound_[i] == pointers[i]) continue;
      memories_[i].set_data_handle(const_cast<void*>(pointers[i]));
      bound_[i] = pointers[i];
    }
    // The C call: the C++ one builds a hash map on each run.
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()),
                               arguments_.data()),
        "oneDNN could not run a primitive");
  }

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::vector<const void*> bound_;
};

inline dnnl::memory::desc nhwc(int n, int h, int w, int c) {
  return {{n, c, h, w}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::nhwc};
}

inline dnnl::memory::desc any_weights(const Conv2dProblem& problem) {
  return {{problem.k, problem.c, problem.r, problem.s},
          dnnl::memory::data_type::f32,
          dnnl::memory::format_tag::any};
}

inline dnnl::memory::desc plain_weights(const Conv2dProblem& problem) {
  return {{problem.k, problem.c, problem.r, problem.s},
          dnnl::memory::data_type::f32,
          dnnl::memory::format_tag::oihw};
}

inline dnnl::memory::desc bias_desc(const Conv2dProblem& problem) {
  return {{problem.k}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::x};
}

inline dnnl::memory::dims strides(const Conv2dProblem& problem) {
  return {problem.stride_h, problem.stride_w};
}

// A right-hand padding that gives exactly the problem's output positions; surplus rows (a size that
// does not divide) are left to oneDNN's rounding down.
inline int after_padding(int size, int window, int stride, int before, int positions) {
  return std::max(0, (positions - 1) * stride + window - size - before);
}

inline dnnl::primitive_attr scratchpad_by_caller() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// Into how many row blocks one image is cut: enough for a few threads, never so many that a block
// has too little to do, and no more than two where every block would read weights anew that do not
// fit a second-level cache beside its rows. Depends on the problem of one image alone.
inline int row_blocks(const Conv2dProblem& problem, int rows) {
  constexpr double kFlopsPerBlock = 20e6;  // about 80 us on one AVX-512 core
  constexpr double kFlopsWorthTwo = 4e6;
  constexpr std::int64_t kCachedWeights = (512 << 10) / 4;
  const int most = problem.weights_size() <= kCachedWeights ? 4 : 2;
  const double flops = problem.flops() / problem.n;
  const int wanted =
      std::max(static_cast<int>(flops / kFlopsPerBlock), flops > kFlopsWorthTwo ? 2 : 1);
  return std::clamp(wanted, 1, std::min(most, rows));
}

// A packed form of weights in oneDNN's terms.
class Form final : public WeightsForm {
 public:
  explicit Form(const dnnl::memory::desc& desc) : desc_(desc) {}
  const dnnl::memory::desc& desc() const { return desc_; }

 private:
  dnnl::memory::desc desc_;
};

// oneDNN's reorder between two forms, made once.
class Conversion final : public WeightsConversion {
 public:
  Conversion(const dnnl::memory::desc& from, const dnnl::memory::desc& to)
      : reorder_(cpu_engine(),
                 dnnl::reorder(dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to)),
                 {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}) {}

  void run(const std::byte* from, std::byte* to) override {
    const SingleThread single_thread;
    reorder_.run(std::array<const void*, 2>{from, to});
  }

  // From another row's form, where that is oneDNN's too.
  static std::unique_ptr<WeightsConversion> between(const WeightsForm& from, const Form& to) {
    const auto* form = dynamic_cast<const Form*>(&from);
    if (form == nullptr) return nullptr;
    const SingleThread single_thread;
    return std::make_unique<Conversion>(form->desc(), to.desc());
  }

 private:
  BoundPrimitive reorder_;
};

// A reorder between the file's (k,c,r,s) weights and a packed form.
inline void reorder_weights(const dnnl::memory::desc& from, const void* source,
                            const dnnl::memory::desc& to, void* destination) {
  const SingleThread single_thread;
  const dnnl::engine& engine = cpu_engine();
  dnnl::stream stream(engine);
  dnnl::memory source_memory(from, engine, const_cast<void*>(source));
  dnnl::memory destination_memory(to, engine, destination);
  dnnl::reorder(source_memory, destination_memory)
      .execute(stream, source_memory, destination_memory);
  stream.wait();
}

// What every row does with its packed weights.
template <class Operation>
class WithPackedWeights : public PreparedKernel<Operation> {
 public:
  std::size_t packed_weights_bytes() const override { return form_->desc().get_size(); }

  void pack_weights(const float* weights, std::byte* packed) const override {
    reorder_weights(plain_weights(problem_), weights, form_->desc(), packed);
  }
  void unpack_weights(const std::byte* packed, float* weights) const override {
    reorder_weights(form_->desc(), packed, plain_weights(problem_), weights);
  }
  const WeightsForm* weights_form() const override { return form_.get(); }
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const override {
    return Conversion::between(form, *form_);
  }

 protected:
  explicit WithPackedWeights(const Conv2dProblem& problem) : problem_(problem) {}

  void set_form(const dnnl::memory::desc& desc) { form_ = std::make_unique<const Form>(desc); }
  const dnnl::memory::desc& weights_desc() const { return form_->desc(); }
  const Conv2dProblem& problem() const { return problem_; }

 private:
  Conv2dProblem problem_;
  std::unique_ptr<const Form> form_;  // set by every constructor
};

// oneDNN's plain loops, hundreds of times slower than the rest, go by this name.
inline bool is_reference(const std::string& implementation) {
  return implementation.find("ref") != std::string::npos;
}

// Descriptors of all row blocks over one form of the weights, so that one packed copy serves them:
// the first form that some block asks for and with which none falls back on reference loops. Which
// form is asked for changes with a block's height. Empty where no form suits all.
template <class Block, class Describe>
auto describe_alike(const std::vector<Block>& blocks, const dnnl::memory::desc& any,
                    const Describe& describe) {
  std::vector<decltype(describe(blocks.front(), any))> result;
  for (const Block& asked : blocks) {
    const dnnl::memory::desc form = describe(asked, any).weights_desc();
    result.clear();
    for (const Block& block : blocks) {
      result.push_back(describe(block, form));
      if (is_reference(result.back().impl_info_str())) break;
    }
    if (!is_reference(result.back().impl_info_str())) return result;
  }
  result.clear();
  return result;
}

// Accepts unless oneDNN has only its plain reference loops for the problem, or refuses it.
template <class MakeDescriptor>
Verdict accepts_if_fast(const MakeDescriptor& make_descriptor) {
  try {
    const SingleThread single_thread;
    const std::string implementation = make_descriptor().impl_info_str();
    if (!is_reference(implementation)) return Verdict::accept();
    return Verdict::refuse("oneDNN has only '" + implementation +
                           "' for this problem: use another row");
  } catch (const dnnl::error& error) {
    return Verdict::refuse(std::string("oneDNN refuses the problem (") + error.what() +
                           "): use another row");
  }
}

}  // namespace allconv::kernels::onednn
