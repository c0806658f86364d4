#include "engine/runtime/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/support/atomic_file.hpp"

namespace allconv {

namespace {

constexpr int kProcess = 1;  // there is one
constexpr double kMicrosecond = 1e-3;

using Json = nlohmann::ordered_json;

// Names a track, and gives it its place.
std::string track_events(int track, const std::string& name) {
  const auto event = [track](const char* what, Json arguments) {
    return Json{{"name", what},
                {"ph", "M"},
                {"pid", kProcess},
                {"tid", track},
                {"args", std::move(arguments)}}
        .dump();
  };
  return event("thread_name", {{"name", name}}) + ",\n" +
         event("thread_sort_index", {{"sort_index", track}});
}

void add_share(const TraceShare& share, Json& arguments) {
  if (share.images > 0) {
    arguments["first_image"] = share.first_image;
    arguments["images"] = share.images;
  }
  if (share.parts > 0) {
    arguments["first_part"] = share.first_part;
    arguments["parts"] = share.parts;
  }
}

}  // namespace

Trace::Trace(std::size_t most_spans) : spans_(most_spans) {}

int Trace::add_label(TraceLabel label) {
  labels_.push_back(std::move(label));
  return static_cast<int>(labels_.size()) - 1;
}

int Trace::track(const std::string& name) {
  const auto found = std::find(tracks_.begin(), tracks_.end(), name);
  if (found != tracks_.end()) return static_cast<int>(found - tracks_.begin());
  tracks_.push_back(name);
  return static_cast<int>(tracks_.size()) - 1;
}

std::string Trace::thread_name(int thread) { return fmt::format("thread {}", thread); }

void Trace::record(int track, int label, Time begin, Time end, const TraceShare& share) {
  const std::size_t place = next_.fetch_add(1, std::memory_order_relaxed);
  if (place >= spans_.size()) return;
  spans_[place] = {.begin = begin, .end = end, .track = track, .label = label, .share = share};
}

std::size_t Trace::left_out() const {
  const std::size_t asked = next_.load(std::memory_order_relaxed);
  return asked - std::min(asked, spans_.size());
}

// By track and time; of spans that begin together the longest, which holds the others, is first.
std::vector<Trace::Span> Trace::recorded() const {
  const std::size_t count = std::min(next_.load(std::memory_order_relaxed), spans_.size());
  std::vector<Span> spans(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(count));
  std::stable_sort(spans.begin(), spans.end(), [](const Span& one, const Span& other) {
    return std::tuple(one.track, one.begin, -one.end) <
           std::tuple(other.track, other.begin, -other.end);
  });
  return spans;
}

std::string Trace::to_json() const {
  std::vector<Json> arguments;  // by label
  for (const TraceLabel& label : labels_) {
    arguments.push_back(Json::object());
    for (const auto& [key, value] : label.texts) arguments.back()[key] = value;
    if (label.bytes > 0) arguments.back()["bytes"] = label.bytes;
  }
  std::string text = "{\"traceEvents\": [";
  std::string_view separator = "\n";
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    text.append(separator).append(track_events(static_cast<int>(i), tracks_[i]));
    separator = ",\n";
  }
  for (const Span& span : recorded()) {
    const auto index = static_cast<std::size_t>(span.label);
    Json event{{"name", labels_[index].name},
               {"cat", labels_[index].category},
               {"ph", "X"},
               {"ts", static_cast<double>(span.begin) * kMicrosecond},
               {"dur", static_cast<double>(span.end - span.begin) * kMicrosecond},
               {"pid", kProcess},
               {"tid", span.track},
               {"args", arguments[index]}};
    add_share(span.share, event["args"]);
    text.append(separator).append(event.dump());
    separator = ",\n";
  }
  const Json rest{{"spans_left_out", left_out()}};
  return text + "\n],\n\"displayTimeUnit\": \"ms\",\n\"otherData\": " + rest.dump() + "}\n";
}

void Trace::write(const std::string& path) const { write_file_atomically(path, to_json()); }

}  // namespace allconv
