// That no row is left out: each one that this CPU runs is put to the test on some quick problem.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {
namespace {

// Rows of our own kernels are named after their instruction set; a library's may be absent.
bool runs_here(std::string_view row) {
  using kernels::Isa;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (row.ends_with("_" + std::string(to_string(isa)))) return isa <= kernels::best_isa();
  }
  return row.ends_with("_amx") && kernels::has_tiles();
}

TEST(Coverage, EveryRowOfThisCpuIsRun) {
  std::map<std::string, bool> accepted;  // by row
  for (const Suite* suite : all_suites()) {
    for (const auto& trial : suite->trials(false)) {
      const std::vector<Row> rows = trial->rows();
      for (std::size_t row = 0; row < rows.size(); ++row) {
        accepted[rows[row].name] |= trial->verdict(row).accepted();
      }
    }
  }
  std::set<std::string> words;  // the last of each name
  for (const auto& [row, was_run] : accepted) {
    EXPECT_TRUE(was_run || !runs_here(row)) << row;
    words.insert(row.substr(row.rfind('_') + 1));
  }
  for (const auto isa : {kernels::Isa::portable, kernels::best_isa()}) {
    EXPECT_TRUE(words.contains(std::string(to_string(isa)))) << to_string(isa);
  }
}

}  // namespace
}  // namespace allconv::suite
