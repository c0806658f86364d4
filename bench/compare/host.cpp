// compare_host: the process of tools/compare that holds this project and oneDNN. It reads one JSON
// order a line and writes one JSON answer a line; peers_host.py is its like for other engines.
//
//     {"do": "versions", "isa": NAME or null, "precision": "fp32"|"bf16"}
//     {"do": "write_model", "network": ..., "options": "head=same", "model": FILE}
//     {"do": "open", "engine": "allconv"|"oneDNN", "model": FILE, "images": FILE, "labels": FILE,
//      "mode": ..., "batch_size": ..., "threads": ..., "isa": ..., "precision": ...,
//      "trial_seconds": ..., "logits": FILE, "gradient": FILE}
//     {"do": "turn", "engine": ..., "seconds": ...}
//     {"do": "close", "engine": ...}
//
// Opening allconv writes the images and labels that every other engine reads.
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "bench/compare/engine.hpp"
#include "bench/network_bench.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"
#include "engine/plan/tuned_device.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr const char* kOurs = "allconv";

template <typename Value>
void write_values(const std::vector<Value>& values, const std::string& path) {
  write_file_atomically(
      path, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)});
}

template <typename Value>
std::vector<Value> read_values(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file || bytes.size() % sizeof(Value) != 0) {
    throw Error(ErrorKind::io, "cannot read the values", path);
  }
  std::vector<Value> values(bytes.size() / sizeof(Value));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(values.data()));
  return values;
}

PassMode mode_named(const std::string& name) {
  for (const PassMode mode : {PassMode::inference, PassMode::training, PassMode::explain}) {
    if (to_string(mode) == name) return mode;
  }
  throw Error(ErrorKind::usage, "there is no such mode", name);
}

// The best there is where none is asked for.
kernels::Isa isa_of(const Json& order) {
  if (order.at("isa").is_null()) return kernels::best_isa();
  const std::string name = order.at("isa");
  const std::optional<kernels::Isa> isa = kernels::parse_isa(name);
  if (!isa) {
    throw Error(ErrorKind::usage, "there is no such instruction set", name,
                "name portable, avx2 or avx512");
  }
  if (*isa > kernels::best_isa()) {
    throw Error(ErrorKind::device, "this CPU does not have it", name, "name a smaller one");
  }
  return *isa;
}

// Of this project; what the CPU lacks is refused.
kernels::RowLimits limits_of(const Json& order) {
  const std::string name = order.at("precision");
  const auto precision = kernels::parse_precision(name);
  if (!precision) throw Error(ErrorKind::usage, "there is no such precision", name);
  return TunedDevice({}, {.precision = *precision, .limits = {.isa = isa_of(order)}}, name)
      .settings()
      .limits;
}

// One iteration that wakes the threads, then as many as fill the time, at least one.
Json take_turn(Engine& engine, double seconds) {
  engine.iterate();
  const auto start = Clock::now();
  for (int iterations = 1;; ++iterations) {
    engine.iterate();
    const std::chrono::duration<double> spent = Clock::now() - start;
    if (spent.count() >= seconds) {
      return {{"iterations", iterations}, {"seconds", spent.count()}};
    }
  }
}

double trial_rate(Engine& engine, const EngineJob& job, double seconds) {
  double best = 0;
  for (int turn = 0; turn < 2; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const Json taken = take_turn(engine, seconds);
    const double iterations = taken.at("iterations");
    best = std::max(best, job.batch_size * iterations / taken.at("seconds").get<double>());
  }
  return best;
}

// An engine that is open, and the job that its arrangements refer to.
struct Opened {
  std::unique_ptr<EngineJob> job;
  std::unique_ptr<Engine> engine;
  std::string arrangement;
  std::vector<float> logits, gradient;  // of its first iteration
};

class Host {
 public:
  Json answer(const Json& order) {
    const std::string action = order.at("do");
    if (action == "versions") return versions(order);
    if (action == "write_model") return write_model_of(order);
    if (action == "open") return open(order);
    if (action == "turn") {
      return take_turn(*opened_.at(order.at("engine")).engine, order.at("seconds"));
    }
    if (action == "close") {
      opened_.erase(order.at("engine").get<std::string>());
      return Json::object();
    }
    throw Error(ErrorKind::usage, "there is no such order", action);
  }

 private:
  static Json versions(const Json& order) {
    return {{"versions", {{kOurs, ALLCONV_VERSION}, {"oneDNN", onednn_version()}}},
            {"device", device_text(limits_of(order).isa)},
            {"cores", std::thread::hardware_concurrency()}};
  }

  // With He's initial weights, and without dropout, which not every engine has.
  static Json write_model_of(const Json& order) {
    const std::string name = order.at("network");
    const auto networks = named_networks();
    const auto named = std::find_if(networks.begin(), networks.end(),
                                    [&](const NamedNetwork& each) { return each.name == name; });
    const int classes = named == networks.end() ? 2 : named->default_classes;
    Model model;
    model.network =
        make_network(name, parse_network_options(order.at("options").get<std::string>()), classes);
    std::erase_if(model.network.layers,
                  [](const Layer& layer) { return std::holds_alternative<DropoutLayer>(layer); });
    for (int i = 0; i < classes; ++i) model.classes.push_back(std::to_string(i));
    model.prepare.height = model.network.input.height;
    model.prepare.width = model.network.input.width;
    model.parameters = initial_parameters(model.network, WeightRule::he, 1);
    write_model(model, order.at("model"));
    return {{"classes", classes}};
  }

  Json open(const Json& order) {
    const bool ours = order.at("engine") == kOurs;
    auto job = std::make_unique<EngineJob>();
    job->model = read_model(order.at("model"));
    job->mode = mode_named(order.at("mode"));
    job->batch_size = order.at("batch_size");
    job->threads = order.at("threads");
    job->limits = limits_of(order);
    if (!ours) {
      job->images = read_values<float>(order.at("images"));
      job->labels = read_values<std::int32_t>(order.at("labels"));
    }
    Json trials = Json::object();
    std::optional<Opened> best;  // each engine has an arrangement, so that there is one
    for (const Arrangement& way : ours ? our_arrangements(*job) : onednn_arrangements(*job)) {
      Opened candidate = opened_by(way, *job);
      const double rate = trial_rate(*candidate.engine, *job, order.at("trial_seconds"));
      if (!best || rate > trials.at(best->arrangement).get<double>()) best = std::move(candidate);
      trials[way.name] = rate;
    }
    best->job = std::move(job);
    return keep(order, std::move(*best), trials);
  }

  static Opened opened_by(const Arrangement& way, const EngineJob& job) {
    Opened opened{.job = nullptr,
                  .engine = way.make(),
                  .arrangement = way.name,
                  .logits = {},
                  .gradient = {}};
    opened.engine->iterate();
    opened.logits = opened.engine->logits();
    if (job.mode != PassMode::inference) opened.gradient = opened.engine->gradient();
    return opened;
  }

  Json keep(const Json& order, Opened opened, const Json& trials) {
    if (order.at("engine") == kOurs) {
      write_values(opened.job->images, order.at("images"));
      write_values(opened.job->labels, order.at("labels"));
    }
    write_values(opened.logits, order.at("logits"));
    if (!opened.gradient.empty()) write_values(opened.gradient, order.at("gradient"));
    const std::string arrangement = opened.arrangement;
    opened_[order.at("engine")] = std::move(opened);
    return {{"arrangement", arrangement}, {"trials", trials}};
  }

  std::map<std::string, Opened> opened_;
};

}  // namespace

}  // namespace allconv

int main() {
  allconv::Host host;
  std::string line;
  while (std::getline(std::cin, line)) {
    nlohmann::ordered_json answer;
    try {
      answer = host.answer(nlohmann::ordered_json::parse(line));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}
