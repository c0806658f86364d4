#include "engine/plan/tuning_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/support/atomic_file.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

constexpr std::string_view kFormat = "allconv-tuning-1";
constexpr std::int64_t kMaxFileBytes = 16 << 20;

TuningEntry read_entry(const JsonValue& value) {
  TuningEntry entry{.operation = value.at("operation").string(),
                    .problem = value.at("problem").string(),
                    .candidates = {}};
  for (const JsonValue& candidate : value.at("candidates").elements("candidate")) {
    entry.candidates.push_back({.kernel = candidate.at("kernel").string(),
                                .milliseconds = candidate.at("milliseconds").number()});
  }
  return entry;
}

}  // namespace

void TuningFile::add(TuningEntry entry) {
  std::stable_sort(entry.candidates.begin(), entry.candidates.end(),
                   [](const TuningCandidate& one, const TuningCandidate& other) {
                     return one.milliseconds < other.milliseconds;
                   });
  const std::pair key(entry.operation, entry.problem);
  entries_.insert_or_assign(key, std::move(entry));
}

std::string_view TuningFile::fastest(std::string_view operation, std::string_view problem) const {
  const auto found = entries_.find(std::pair(std::string(operation), std::string(problem)));
  if (found == entries_.end() || found->second.candidates.empty()) return {};
  return found->second.candidates.front().kernel;
}

TuningFile TuningFile::read(const std::string& path) {
  return parse(read_file(path, kMaxFileBytes), path);
}

TuningFile TuningFile::parse(std::string_view text, const std::string& where) {
  const JsonSource source{.kind = ErrorKind::usage, .where = where};
  const nlohmann::json json =
      parse_json(text, source, {.bytes = static_cast<std::size_t>(kMaxFileBytes)});
  const JsonValue root(json, source);
  if (root.at("format").string() != kFormat) {
    root.at("format").refuse("is not a format that this version reads",
                             "write the file anew with allconv tune");
  }
  TuningFile file(root.at("device").string());
  for (const JsonValue& entry : root.at("entries").elements("entry")) file.add(read_entry(entry));
  return file;
}

void TuningFile::write(const std::string& path) const { write_file_atomically(path, text()); }

std::string TuningFile::text() const {
  nlohmann::ordered_json json;
  json["format"] = kFormat;
  json["device"] = device_;
  json["entries"] = nlohmann::ordered_json::array();
  for (const auto& [key, entry] : entries_) {
    nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
    for (const TuningCandidate& candidate : entry.candidates) {
      candidates.push_back(
          {{"kernel", candidate.kernel}, {"milliseconds", candidate.milliseconds}});
    }
    json["entries"].push_back(
        {{"operation", entry.operation}, {"problem", entry.problem}, {"candidates", candidates}});
  }
  return json.dump(2) + "\n";
}

}  // namespace allconv
