#include "engine/train/checkpoint_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <tuple>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kKept = 2;
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".safetensors";

// Epochs count from 1; names of up to 9,999 epochs also sort as text.
struct Place {
  std::uint64_t epoch = 0, step = 0;
  friend bool operator<(const Place& one, const Place& other) {
    return std::tie(one.epoch, one.step) < std::tie(other.epoch, other.step);
  }
};

std::string name_of(const Place& place) {
  return fmt::format("{}{:04}-{:06}{}", kPrefix, place.epoch, place.step, kSuffix);
}

// Nullopt for the name of anything else.
std::optional<Place> parse_name(const std::string& name) {
  Place place;
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* const end = name.data() + name.size();
  const auto epoch = std::from_chars(name.data() + kPrefix.size(), end, place.epoch);
  if (epoch.ptr == end || std::from_chars(epoch.ptr + 1, end, place.step).ec != std::errc{})
    return std::nullopt;
  return name_of(place) == name ? std::optional(place) : std::nullopt;
}

std::string without_last_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string made_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) {
    sync_folder(open_folder(folder_of(path)), path);
  } else if (errno != EEXIST) {
    throw_system_error("cannot make the folder", path, errno);
  }
  static_cast<void>(open_folder(path));  // refuses a file of that name
  return path;
}

std::vector<std::string> entries_of(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code code;
  fs::directory_iterator entry(folder, code);
  while (code == std::errc::interrupted) entry = fs::directory_iterator(folder, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code))
    names.push_back(entry->path().filename().string());
  if (code) throw_system_error("cannot list", folder, code.value());
  return names;
}

// Of checkpoints, in ascending order of epoch and step.
std::vector<std::string> checkpoint_names(const std::string& folder) {
  std::vector<Place> places;
  for (const std::string& name : entries_of(folder)) {
    if (const auto place = parse_name(name)) places.push_back(*place);
  }
  std::sort(places.begin(), places.end());
  std::vector<std::string> names;
  std::transform(places.begin(), places.end(), std::back_inserter(names), name_of);
  return names;
}

void warn_damaged(const Diagnostics& diagnostics, const Error& error) {
  if (diagnostics)
    diagnostics(Severity::warning, fmt::format("not used, as it is damaged: {}", error.what()));
}

}  // namespace

CheckpointFolder::CheckpointFolder(const std::string& path)
    : path_(made_folder(without_last_slashes(path))), lock_(path_ + "/.lock") {
  if (!lock_.held()) {
    throw Error(ErrorKind::io, "another training keeps its checkpoints here", path_,
                "wait for it, or choose another folder");
  }
  remove_leftovers();
}

// What a killed process was writing: nobody else writes here while the lock is held.
void CheckpointFolder::remove_leftovers() const {
  std::vector<std::string> leftovers = entries_of(path_);
  std::erase_if(leftovers, [](const std::string& name) {
    return !name.starts_with(".allconv-") || !name.ends_with(".tmp");
  });
  remove_all(leftovers);
}

void CheckpointFolder::remove_all(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const std::string path = path_ + "/" + name;
    if (::unlink(path.c_str()) < 0 && errno != ENOENT)
      throw_system_error("cannot remove", path, errno);
  }
}

std::vector<std::string> CheckpointFolder::names() const { return checkpoint_names(path_); }

std::optional<Checkpoint> CheckpointFolder::newest(const Diagnostics& diagnostics) {
  kept_.clear();
  std::optional<Error> unreadable;
  std::vector<std::string> left = names();
  for (; !left.empty(); left.pop_back()) {
    try {
      Checkpoint checkpoint = read_checkpoint(path_ + "/" + left.back());
      kept_.assign(left.end() - static_cast<std::ptrdiff_t>(std::min(kKept, left.size())),
                   left.end());
      left.resize(left.size() - kept_.size());
      remove_all(left);  // as who was killed within save() was about to
      return checkpoint;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::io) unreadable = error;
      warn_damaged(diagnostics, error);
    }
  }
  // Beginning anew would remove what the disk may yet give back.
  if (unreadable) throw Error(*unreadable);
  return std::nullopt;
}

void CheckpointFolder::save(const Checkpoint& checkpoint) {
  const std::string name =
      name_of({.epoch = static_cast<std::uint64_t>(checkpoint.position.epoch) + 1,
               .step = checkpoint.position.step});
  write_checkpoint(checkpoint, path_ + "/" + name);
  if (kept_.empty() || kept_.back() != name) kept_.push_back(name);
  if (kept_.size() > kKept) kept_.erase(kept_.begin());
  std::vector<std::string> others = names();
  std::erase_if(others, [this](const std::string& other) {
    return std::find(kept_.begin(), kept_.end(), other) != kept_.end();
  });
  remove_all(others);
}

void CheckpointFolder::clear() {
  remove_all(names());
  kept_.clear();
}

std::optional<NamedCheckpoint> read_newest_checkpoint(const std::string& folder,
                                                      const Diagnostics& diagnostics) {
  constexpr int kListings = 5;  // while a training replaces its checkpoints
  const std::string path = without_last_slashes(folder);
  std::optional<Error> unreadable;
  for (int listing = 0; listing < kListings; ++listing) {
    bool vanished = false;
    unreadable.reset();
    std::vector<std::string> names = checkpoint_names(path);
    for (; !names.empty(); names.pop_back()) {
      const std::string file = path + "/" + names.back();
      try {
        return NamedCheckpoint{.name = names.back(), .checkpoint = read_checkpoint(file)};
      } catch (const Error& error) {
        vanished = vanished || !path_exists(file);
        if (!path_exists(file)) continue;
        if (error.kind() == ErrorKind::io) unreadable = error;
        warn_damaged(diagnostics, error);
      }
    }
    if (!vanished) break;
  }
  if (unreadable) throw Error(*unreadable);
  return std::nullopt;
}

}  // namespace allconv
