// The history of a training, `history.jsonl` in the folder of its checkpoints: a line that says
// what is trained, then one line an epoch, as in the metrics but with what the layers do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/metrics.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv {

// Options as the user gave them; paths are absolute, and may be shown, but not opened, where they
// are not UTF-8.
struct HistoryHeader {
  std::string data;
  std::optional<std::string> validate;
  int epochs = 0;
  std::string network;
  int batch_size = 0;
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
  std::string schedule;
  int warm_up = 0;
  std::string augment;
  std::uint64_t seed = 0;
  friend bool operator==(const HistoryHeader&, const HistoryHeader&) = default;
};

struct HistoryRow {
  EpochMetrics metrics;
  std::vector<LayerRecord> layers;
};

struct History {
  std::optional<HistoryHeader> header;  // nullopt: no file, or its first line is damaged
  std::vector<HistoryRow> rows;         // in the order of the file, those of dead starts too
};

std::string history_path(const std::string& folder);

// Without a newline; the keys stand in the order of the fields.
std::string to_json_line(const HistoryHeader& header);

// Whole lines alone: behind the last newline another process may be writing. A line that is damaged
// is named as a warning and passed over; `where` names the text.
History parse_history(std::string_view text, const std::string& where,
                      const Diagnostics& diagnostics);

// The history in `folder`, without anything where there is none. Throws Error{io} where it cannot
// be read.
History read_history(const std::string& folder, const Diagnostics& diagnostics);

}  // namespace allconv
