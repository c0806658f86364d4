// Every file that appears whole is walked through every fault of every call: afterwards it is the
// old file or the new one, and nothing else is left in its folder.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/formats/metrics.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/formats/tensor_stream.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/support/atomic_file.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/io_faults/walk.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv::io_faults {
namespace {

constexpr const char* kOld = "what stood there before";

// A way to save a file, and whether there was one before.
struct Saving {
  const char* name;
  std::function<void(const std::string& path)> save;
  bool replaces = false;
};

void PrintTo(const Saving& saving, std::ostream* out) { *out << saving.name; }

void save_text(const std::string& path) {
  AtomicFile file(path);
  for (int line = 0; line < 3; ++line) file.write("a line of text\n");
  file.commit();
}

void save_model(const std::string& path) { write_model(sample_model(), path); }

void save_tuning(const std::string& path) {
  TuningFile file("a processor, avx2");
  file.add({.operation = "conv2d_forward",
            .problem = "h8w8c3k8r3s3",
            .candidates = {{.kernel = "conv2d_forward_reference", .milliseconds = 1.5}}});
  file.write(path);
}

void save_tensors(const std::string& path) {
  TensorStream stream(path, {"one"}, {2});
  const float values[] = {1, 2};
  const std::span<const float> parts[] = {values};
  stream.append(parts);
  stream.finish({});
}

class Saved : public ::testing::TestWithParam<Saving> {
 protected:
  std::string path() const { return folder_ / "file"; }

  void SetUp() override {
    GetParam().save(path());
    new_ = read_bytes(path());
    ASSERT_NE(new_, kOld);
  }

  Action action() const {
    return {.folder = folder_.path(),
            .prepare = [this] { restore(); },
            .run = [this] { GetParam().save(path()); }};
  }

  void restore() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      std::filesystem::remove(entry);
    if (GetParam().replaces) write_bytes(path(), kOld);
  }

  bool is_old() const {
    return GetParam().replaces ? read_bytes(path()) == kOld : !std::filesystem::exists(path());
  }
  bool is_new() const { return read_bytes(path()) == new_; }
  // Nothing but the file, if there is one.
  std::ptrdiff_t others() const {
    return folder_.files() - (std::filesystem::exists(path()) ? 1 : 0);
  }

  TemporaryFolder folder_;
  std::string new_;
};

TEST_P(Saved, IsTheOldFileOrTheNewOne) {
  std::set<CallKind> kinds;
  walk(action(), [&](const Point& point, const std::string& sentence) {
    kinds.insert(point.call().kind);
    EXPECT_TRUE(sentence.empty() ? is_new() : is_old() || is_new()) << sentence;
    // A temporary file that cannot be removed stays.
    EXPECT_EQ(others(), point.call().kind == CallKind::unlink ? 1 : 0);
    // Until the file stands in its place, a failure leaves the old one.
    const bool renamed =
        std::any_of(point.calls.begin(), point.calls.end() - 1,
                    [](const Call& call) { return call.kind == CallKind::rename; });
    if (!sentence.empty() && !renamed) {
      EXPECT_TRUE(is_old());
    }
    // A failure to write is never passed over.
    EXPECT_EQ(sentence.empty(), point.possible.invisible);
  });
  for (const CallKind kind : {CallKind::open, CallKind::write, CallKind::sync, CallKind::close,
                              CallKind::rename, CallKind::examine})
    EXPECT_TRUE(kinds.contains(kind)) << to_string(kind);
}

// What no fault shows: on network file systems writing fails as late as in close, and a rename is
// on the disk when its folder is.
TEST_P(Saved, IsFlushedAndClosedThenRenamedThenItsFolderIsFlushed) {
  restore();
  begin(folder_.path());
  GetParam().save(path());
  const std::vector<Call> calls = end();
  ASSERT_GE(calls.size(), 4U);
  std::vector<CallKind> last;
  for (auto call = calls.end() - 4; call != calls.end(); ++call) last.push_back(call->kind);
  EXPECT_EQ(last, (std::vector{CallKind::sync, CallKind::close, CallKind::rename, CallKind::sync}));
  EXPECT_EQ((calls.end() - 2)->path, path());
  EXPECT_EQ(calls.back().path, folder_.path());
}

TEST_P(Saved, SurvivesADeathOfTheProcess) {
  walk_deaths(action(), Fault::Kind::kill, [this](const Point&) {
    EXPECT_TRUE(is_old() || is_new());
    GetParam().save(path());  // what is left beside does not stand in the way
    EXPECT_TRUE(is_new());
  });
}

TEST_P(Saved, SurvivesAPowerCut) {
  walk_deaths(action(), Fault::Kind::power_cut,
              [this](const Point&) { EXPECT_TRUE(is_old() || is_new()) << read_bytes(path()); });
}

INSTANTIATE_TEST_SUITE_P(Files, Saved,
                         ::testing::Values(Saving{"text_anew", save_text, false},
                                           Saving{"text_over_another", save_text, true},
                                           Saving{"model_anew", save_model, false},
                                           Saving{"model_over_another", save_model, true},
                                           Saving{"tensors_anew", save_tensors, false},
                                           Saving{"tensors_over_another", save_tensors, true},
                                           Saving{"tuning_over_another", save_tuning, true}),
                         [](const auto& info) { return info.param.name; });

// Appended line by line: an earlier line is never lost.
TEST(Metrics, AreWholeOrAnError) {
  const TemporaryFolder folder;
  const std::string path = folder / "metrics";
  const auto append_two = [&] {
    MetricsFile file(path);
    file.append({.epoch = 1});
    file.append({.epoch = 2});
  };
  append_two();
  const std::string whole = read_bytes(path);
  const Action action = {.folder = folder.path(), .prepare = [] {}, .run = append_two};
  walk(action, [&](const Point& point, const std::string& sentence) {
    if (point.call().kind != CallKind::close) {
      EXPECT_EQ(sentence.empty(), point.possible.invisible);
    }
    if (sentence.empty()) {
      EXPECT_EQ(read_bytes(path), whole);
    }
  });
}

// A history gets another header and goes on: the rows that it has are never lost.
TEST(Metrics, KeepTheirRowsUnderAnotherHeader) {
  const TemporaryFolder folder;
  const std::string path = folder / "history";
  const std::string rows = to_json_line({.epoch = 1}, {}) + "\n" + to_json_line({.epoch = 2}, {});
  const std::string old = "{\"epochs\": 2}\n" + rows + "\n";
  const std::string kept = "{\"epochs\": 3}\n" + rows + "\n";
  const std::string whole = kept + to_json_line({.epoch = 3}, {}) + "\n";
  const auto append_third = [&] {
    MetricsFile file(path, {.epochs = 2}, "{\"epochs\": 3}");
    file.append({.epoch = 3}, std::vector<LayerRecord>());
  };
  const Action action = {
      .folder = folder.path(), .prepare = [&] { write_bytes(path, old); }, .run = append_third};
  const auto check = [&](const Point& point) {
    const std::string text = read_bytes(path);
    EXPECT_TRUE(text == old || text.starts_with(kept)) << text;
    return point.possible.invisible;
  };
  walk(action, [&](const Point& point, const std::string& sentence) {
    const bool invisible = check(point);
    if (point.call().kind != CallKind::close) {
      EXPECT_EQ(sentence.empty(), invisible) << sentence;
    }
    if (sentence.empty()) {
      EXPECT_EQ(read_bytes(path), whole);
    }
    EXPECT_EQ(folder.files(), 1);
  });
  for (const Fault::Kind death : {Fault::Kind::kill, Fault::Kind::power_cut})
    walk_deaths(action, death, check);
}

}  // namespace
}  // namespace allconv::io_faults
