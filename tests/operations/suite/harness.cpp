#include "tests/operations/suite/harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "tests/operations/suite/comparison.hpp"

namespace allconv::suite {

namespace {

// One trial on one kind of data. Its tensors and expectation serve all rows, which are tested one
// after another, and are made anew when another specimen comes between.
struct Specimen {
  std::string program;
  std::string suite;
  std::shared_ptr<const Trial> trial;
  DataKind data = DataKind::integers;
  std::uint64_t seed = 1;
};

class Prepared {
 public:
  explicit Prepared(const Specimen& specimen)
      : trial_(specimen.trial),
        data_(specimen.data),
        tensors_(trial_->tensors(Filler(specimen.data, specimen.seed))),
        expectation_(*trial_, tensors_) {}

  // The last one asked for is kept.
  static Prepared& of(const Specimen& specimen) {
    static std::unique_ptr<Prepared> last;
    if (!last || last->trial_ != specimen.trial || last->data_ != specimen.data) {
      last = std::make_unique<Prepared>(specimen);
    }
    return *last;
  }

  const TensorList& tensors() const { return tensors_; }
  Expectation& expectation() { return expectation_; }

 private:
  std::shared_ptr<const Trial> trial_;
  DataKind data_;
  TensorList tensors_;
  Expectation expectation_;
};

void append(Faults& faults, const Faults& more) {
  faults.insert(faults.end(), more.begin(), more.end());
}

Execution slice_of(const TensorList& one_image, const Execution& batch, int image) {
  Execution slice;
  for (const auto& [name, bytes] : batch.results) {
    const std::size_t size = one_image.at(name).bytes();
    const std::byte* first = bytes.data() + size * static_cast<std::size_t>(image);
    slice.results[name].assign(first, first + size);
  }
  return slice;
}

// An image's bits must not depend on its batch.
Faults check_neighbours(const Specimen& specimen, std::size_t row, const TensorList& tensors,
                        const Execution& batch) {
  Faults faults;
  const int images = specimen.trial->images();
  const std::unique_ptr<Trial> alone = specimen.trial->one_image();
  if (alone == nullptr || images < 2) return faults;
  const std::unique_ptr<Subject> subject = alone->prepare(row);
  for (int image = 0; image < images; ++image) {
    const TensorList own = tensors.one_image(image, images);
    const Execution execution = execute(*subject, own, Schedule::in_order, specimen.seed);
    append(faults, execution.faults);
    append(faults, compare_bits(own, slice_of(own, batch, image), execution,
                                "when image " + std::to_string(image) + " is alone"));
  }
  return faults;
}

// Nor on how its parts are taken together, ordered and shared.
Faults check_schedules(const Specimen& specimen, const Subject& subject, const TensorList& tensors,
                       const Execution& first) {
  Faults faults;
  for (const auto& [schedule, how] : {std::pair(Schedule::together, "with all parts by one call"),
                                      std::pair(Schedule::shuffled, "with parts in another order"),
                                      std::pair(Schedule::two_threads, "with two threads")}) {
    if (subject.parts() == 1 && schedule != Schedule::together) continue;
    const Execution again = execute(subject, tensors, schedule, specimen.seed);
    append(faults, again.faults);
    append(faults, compare_bits(tensors, first, again, how));
  }
  return faults;
}

Faults check_row(const Specimen& specimen, std::size_t row_index) {
  const Trial& trial = *specimen.trial;
  Prepared& prepared = Prepared::of(specimen);
  const TensorList& tensors = prepared.tensors();
  const std::unique_ptr<Subject> subject = trial.prepare(row_index);
  const Execution first = execute(*subject, tensors, Schedule::in_order, specimen.seed);
  Faults faults = first.faults;
  append(faults, check_packing(*subject, tensors));
  append(faults, compare_with_reference(trial, trial.rows()[row_index], specimen.data, tensors,
                                        first, prepared.expectation()));
  append(faults, mistrust_zeros(tensors, first));
  append(faults, check_schedules(specimen, *subject, tensors, first));
  append(faults, check_neighbours(specimen, row_index, tensors, first));
  return faults;
}

class RowTest : public testing::Test {
 public:
  RowTest(Specimen specimen, std::size_t row) : specimen_(std::move(specimen)), row_(row) {}

  void TestBody() override {
    const kernels::Verdict verdict = specimen_.trial->verdict(row_);
    const Row row = specimen_.trial->rows()[row_];
    if (!verdict.accepted()) {
      ASSERT_FALSE(row.accepts_all) << row.name << " must accept every problem";
      GTEST_SKIP() << row.name << ": " << verdict.why_not;
    }
    for (const std::string& fault : faults()) ADD_FAILURE() << fault;
    if (HasFailure()) {
      const std::string variant = specimen_.trial->variant();
      ADD_FAILURE() << row.name << " failed; repeat: " << specimen_.program
                    << " --operation=" << specimen_.suite << " --row=" << row.name
                    << " --problem=" << specimen_.trial->problem_text()
                    << (variant.empty() ? "" : " --variant=" + variant)
                    << " --data=" << to_string(specimen_.data) << " --seed=" << specimen_.seed;
    }
  }

 private:
  Faults faults() const {
    try {
      return check_row(specimen_, row_);
    } catch (const std::exception& error) {
      return {error.what()};
    }
  }

  Specimen specimen_;
  std::size_t row_;
};

std::vector<std::shared_ptr<const Trial>> trials(const Suite& suite, const Options& options) {
  if (options.problem.empty()) return suite.trials(options.full_size);
  auto trials = suite.parse(options.problem);
  if (trials.empty()) {
    throw std::invalid_argument("--problem=" + options.problem + ": not a problem of " +
                                options.operation);
  }
  return trials;
}

// Not every case and class is defined on specials.
bool is_defined(const Suite& suite, const Row& row, DataKind data) {
  if (data != DataKind::specials) return true;
  return suite.takes_specials() && row.numeric_class == kernels::NumericClass::exact;
}

// At full size the reference is the yardstick only: to test it against itself would take minutes.
bool is_wanted(const Row& row, const std::string& variant, const Options& options) {
  if (row.variant && *row.variant != variant) return false;
  if (!options.row.empty()) return row.name == options.row;
  return !(options.full_size && row.is_reference);
}

int register_specimen(const Suite& suite, const Specimen& specimen, const Options& options) {
  int registered = 0;
  const std::vector<Row> rows = specimen.trial->rows();
  const std::string variant = specimen.trial->variant();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!is_wanted(rows[row], variant, options)) continue;
    if (!is_defined(suite, rows[row], specimen.data)) continue;
    const std::string name = rows[row].name + "/" + specimen.trial->problem_text() + "/" +
                             (variant.empty() ? "" : variant + "/") +
                             std::string(to_string(specimen.data));
    testing::RegisterTest(specimen.suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [=]() -> testing::Test* { return new RowTest(specimen, row); });
    ++registered;
  }
  return registered;
}

}  // namespace

std::vector<const Suite*>& all_suites() {
  static std::vector<const Suite*> suites;
  return suites;
}

int register_tests(const Options& options) {
  int registered = 0;
  for (const Suite* suite : all_suites()) {
    if (!options.operation.empty() && suite->name() != options.operation) continue;
    for (const auto& trial : trials(*suite, options)) {
      if (!options.variant.empty() && trial->variant() != options.variant) continue;
      for (const DataKind data : kDataKinds) {
        if (options.data && data != *options.data) continue;
        const Specimen specimen{.program = options.program,
                                .suite = std::string(suite->name()),
                                .trial = trial,
                                .data = data,
                                .seed = options.seed};
        registered += register_specimen(*suite, specimen, options);
      }
    }
  }
  if (registered == 0) {
    throw std::invalid_argument("no case has the operation, row and variant asked for");
  }
  return registered;
}

}  // namespace allconv::suite
