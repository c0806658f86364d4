// The face that every operation shows to the harness, whatever its problem and arguments are.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/kernel.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/operations/suite/tensors.hpp"

namespace allconv::suite {

// A prepared kernel. Its functions throw where a device fails.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual int parts() const = 0;
  virtual std::size_t workspace_bytes() const = 0;
  virtual std::size_t packed_bytes() const = 0;
  virtual void pack(const float* weights, const GuardedMemory& packed) const = 0;
  virtual void unpack(const std::byte* packed, float* weights) const = 0;
  virtual void run(const GuardedMemory& workspace, const Memories& memories, int part) const = 0;
  virtual void run_parts(const GuardedMemory& workspace, const Memories& memories,
                         kernels::Interval parts) const = 0;
};

struct Row {
  std::string name;
  kernels::NumericClass numeric_class = kernels::NumericClass::exact;
  bool is_reference = false;
  bool accepts_all = false;                 // the last of its table
  std::optional<std::string> variant = {};  // the only one that it takes
};

// One problem of one operation.
class Trial {
 public:
  virtual ~Trial() = default;
  virtual std::string_view operation() const = 0;  // the kernels' own name, for tolerances
  virtual std::string problem_text() const = 0;
  // The precision of a GPU's tensors, or of a CPU's factors; empty: fp32 on a CPU.
  virtual std::string variant() const = 0;

  virtual std::vector<Row> rows() const = 0;
  // Whether the row takes the problem, and this machine the row.
  virtual kernels::Verdict verdict(std::size_t row) const = 0;
  virtual std::unique_ptr<Subject> prepare(std::size_t row) const = 0;

  virtual TensorList tensors(const Filler& filler) const = 0;
  virtual Results<float> expected_float(const TensorList& tensors) const = 0;
  virtual Results<double> expected_double(const TensorList& tensors) const = 0;
  // To what an error of each result is relative: see tolerances.hpp.
  virtual Results<double> magnitudes(const TensorList& tensors) const = 0;

  virtual int images() const = 0;
  // The same for one image; null where the images of a batch are not independent.
  virtual std::unique_ptr<Trial> one_image() const = 0;
};

// All problems of one case. Cases register themselves: see case.hpp.
class Suite {
 public:
  virtual ~Suite() = default;
  virtual std::string_view name() const = 0;
  virtual std::vector<std::shared_ptr<const Trial>> trials(bool full_size) const = 0;
  // Whether NaN, infinities and the like are defined inputs.
  virtual bool takes_specials() const = 0;
  // That problem in all variants; empty where the text is none.
  virtual std::vector<std::shared_ptr<const Trial>> parse(std::string_view problem_text) const = 0;
};

std::vector<const Suite*>& all_suites();

}  // namespace allconv::suite
