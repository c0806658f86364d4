// Histories of trainings: damaged lines are told and passed over, and what is read is read again
// from what is written.
#include "engine/formats/history.hpp"

#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

// Of a damaged header stands a damaged line, so that rows stay rows.
std::string written(const History& history) {
  std::string text = history.header ? to_json_line(*history.header) : "damaged";
  for (const HistoryRow& row : history.rows) text += "\n" + to_json_line(row.metrics, row.layers);
  return text + "\n";
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const auto tell = [](Severity, std::string_view sentence) {
    fuzz::require(fuzz::is_one_line(sentence), "a warning is one sentence");
  };
  const History history = parse_history(fuzz::text_of({data, size}), "history.jsonl", tell);
  const std::string text = fuzz::written(history);
  const History again = parse_history(text, "history.jsonl", tell);
  fuzz::require(again.rows.size() == history.rows.size(), "every row can be read again");
  fuzz::require(fuzz::written(again) == text, "a history that was written reads equal");
  return 0;
}
