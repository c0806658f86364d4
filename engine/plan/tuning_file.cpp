#include "engine/plan/tuning_file.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "engine/support/atomic_file.hpp"
#include "engine/support/file_lock.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

constexpr std::string_view kFormat = "allconv-tuning-1";
constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

std::string text_of(const JsonValue& value, std::string_view key) {
  const auto found = value.find(key);
  return found ? found->string() : std::string();
}

bool flag_of(const JsonValue& value, std::string_view key) {
  const auto found = value.find(key);
  return found && found->boolean();
}

TuningCandidate read_candidate(const JsonValue& value) {
  TuningCandidate candidate{.kernel = value.at("kernel").string(),
                            .milliseconds = value.at("milliseconds").number(),
                            .way = text_of(value, "way"),
                            .plan = text_of(value, "plan")};
  if (const auto bytes = value.find("workspace_bytes")) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    candidate.workspace_bytes = static_cast<std::size_t>(bytes->integer(0, kMost));
  }
  return candidate;
}

TuningEntry read_entry(const JsonValue& value) {
  TuningEntry entry{.operation = value.at("operation").string(),
                    .problem = value.at("problem").string(),
                    .precision = text_of(value, "precision"),
                    .mask = flag_of(value, "mask"),
                    .exact = flag_of(value, "exact"),
                    .candidates = {}};
  if (const auto clock = value.find("clock_mhz")) entry.clock_mhz = clock->number();
  for (const JsonValue& candidate : value.at("candidates").elements("candidate")) {
    entry.candidates.push_back(read_candidate(candidate));
  }
  return entry;
}

// Keys that say nothing are left out: a file of the CPU has none of those of GPUs.
nlohmann::ordered_json json_of(const TuningCandidate& candidate) {
  nlohmann::ordered_json json = {{"kernel", candidate.kernel},
                                 {"milliseconds", candidate.milliseconds}};
  if (!candidate.way.empty()) json["way"] = candidate.way;
  if (candidate.workspace_bytes != 0) json["workspace_bytes"] = candidate.workspace_bytes;
  if (!candidate.plan.empty()) json["plan"] = candidate.plan;
  return json;
}

nlohmann::ordered_json json_of(const TuningEntry& entry) {
  nlohmann::ordered_json json = {{"operation", entry.operation}, {"problem", entry.problem}};
  if (!entry.precision.empty()) json["precision"] = entry.precision;
  if (entry.mask) json["mask"] = true;
  if (entry.exact) json["exact"] = true;
  if (entry.clock_mhz != 0) json["clock_mhz"] = entry.clock_mhz;
  json["candidates"] = nlohmann::ordered_json::array();
  for (const TuningCandidate& candidate : entry.candidates) {
    json["candidates"].push_back(json_of(candidate));
  }
  return json;
}

std::string text_of(const TuningFile::Versions& versions) {
  std::string text;
  for (const auto& [name, version] : versions) {
    text.append(text.empty() ? "" : ", ").append(name).append(" ").append(version);
  }
  return text.empty() ? "no versions" : text;
}

// Writers hold it for milliseconds: whoever finds it taken waits.
void wait_for(std::optional<FileLock>& lock, const std::string& path) {
  constexpr auto kPause = std::chrono::milliseconds(5);
  constexpr auto kPatience = std::chrono::seconds(20);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (lock.emplace(path); !lock->held(); lock.emplace(path)) {
    if (std::chrono::steady_clock::now() > end) {
      throw Error(ErrorKind::io, "another program keeps the lock", path,
                  "try again when it has ended");
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

void TuningFile::add(TuningEntry entry) {
  std::stable_sort(entry.candidates.begin(), entry.candidates.end(),
                   [](const TuningCandidate& one, const TuningCandidate& other) {
                     return one.milliseconds < other.milliseconds;
                   });
  TuningKey key = entry.key();
  entries_.insert_or_assign(std::move(key), std::move(entry));
}

void TuningFile::merge(const TuningFile& other) {
  for (const auto& [key, entry] : other.entries_) entries_.insert_or_assign(key, entry);
}

const TuningEntry* TuningFile::find(const TuningKey& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.candidates.empty()) return nullptr;
  return &found->second;
}

TuningEntry entry_for(const TuningKey& key, std::vector<TuningCandidate> candidates) {
  return {.operation = key.operation,
          .problem = key.problem,
          .precision = key.precision,
          .mask = key.mask,
          .exact = key.exact,
          .candidates = std::move(candidates)};
}

std::string_view TuningFile::fastest(std::string_view operation, std::string_view problem) const {
  const auto* entry = find({.operation = std::string(operation), .problem = std::string(problem)});
  if (entry == nullptr) return {};
  return entry->candidates.front().kernel;
}

TuningFile TuningFile::read(const std::string& path) {
  return parse(read_file(path, kMaxFileBytes), path);
}

TuningFile TuningFile::parse(std::string_view text, const std::string& where) {
  const JsonSource source{.kind = ErrorKind::usage, .where = where};
  const nlohmann::json json =
      parse_json(text, source, {.bytes = kMaxFileBytes, .elements = kMaxFileBytes / 8});
  const JsonValue root(json, source);
  if (root.at("format").string() != kFormat) {
    root.at("format").refuse("is not a format that this version reads",
                             "write the file anew with allconv tune");
  }
  Versions versions;
  if (const auto found = root.find("versions")) {
    for (const std::string& name : found->keys()) versions[name] = found->at(name).string();
  }
  TuningFile file(root.at("device").string(), std::move(versions));
  for (const JsonValue& entry : root.at("entries").elements("entry")) file.add(read_entry(entry));
  return file;
}

void TuningFile::write(const std::string& path) const {
  const std::string whole = text();
  if (whole.size() > kMaxFileBytes) {
    throw Error(ErrorKind::usage, "the tuning file would be too long to be read again", path,
                "begin a new one");
  }
  write_file_atomically(path, whole);
}

std::string TuningFile::text() const {
  nlohmann::ordered_json json;
  json["format"] = kFormat;
  json["device"] = device_;
  if (!versions_.empty()) json["versions"] = versions_;
  json["entries"] = nlohmann::ordered_json::array();
  for (const auto& [key, entry] : entries_) json["entries"].push_back(json_of(entry));
  return json.dump(2) + "\n";
}

TuningFile TuningFile::read_like(const std::string& path, const Diagnostics& diagnostics) const {
  const TuningFile nothing(device_, versions_);
  if (!path_exists(path)) return nothing;
  const auto replaced = [&](const std::string& why) {
    if (diagnostics) diagnostics(Severity::warning, why + "; its kernels are timed anew");
    return nothing;
  };
  try {
    TuningFile found = read(path);
    if (found.is_like(*this)) return found;
    if (found.device_ != device_) return replaced(path + ": was measured on " + found.device_);
    return replaced(path + ": was measured with " + text_of(found.versions_) + ", here are " +
                    text_of(versions_));
  } catch (const Error& error) {
    // What could not be read today may be good tomorrow.
    if (error.kind() == ErrorKind::io) throw;
    return replaced(error.what());
  }
}

void TuningFile::write_merged(const std::string& path, const Diagnostics& diagnostics) const {
  std::optional<FileLock> lock;
  wait_for(lock, followed_path(path) + ".lock");
  TuningFile all = read_like(path, diagnostics);
  all.merge(*this);
  all.write(path);
}

}  // namespace allconv
