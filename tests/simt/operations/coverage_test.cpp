// That no CUDA row is left out: each is put to the test on some quick problem, and each precision
// of maps by some row.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {
namespace {

TEST(Coverage, EveryCudaRowIsRun) {
  std::map<std::string, bool> accepted;  // by row
  std::set<std::string> variants;
  for (const Suite* suite : all_suites()) {
    for (const auto& trial : suite->trials(false)) {
      const std::vector<Row> rows = trial->rows();
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool runs = trial->verdict(row).accepted();
        accepted[rows[row].name] |= runs;
        if (runs) variants.insert(trial->variant());
      }
    }
  }
  for (const auto& [row, was_run] : accepted) EXPECT_TRUE(was_run) << row;
  for (const char* variant : {"fp32", "tf32", "fp16", "bf16", "fp16-rows-fp32"}) {
    EXPECT_TRUE(variants.contains(variant)) << variant;
  }
}

}  // namespace
}  // namespace allconv::suite
