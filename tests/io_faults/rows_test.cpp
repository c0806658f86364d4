// What only a long run meets: rows are flushed each second by a thread of their own, whose failure
// the run must hear of.
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "engine/formats/part_file.hpp"
#include "tests/io_faults/fault_injection.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv::io_faults {
namespace {

constexpr auto kLongerThanAFlush = std::chrono::milliseconds(1500);

PartRequest request(const std::string& out) {
  return {.out_path = out,
          .identity = {},
          .style = {.format = RowFormat::jsonl},
          .rows = 2,
          .start = PartStart::replace};
}

TEST(Rows, AFlushThatFailsBetweenRowsIsTold) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  begin(folder.path());
  { PartFile(request(out), {}).append("{}\n"); }
  // The last of these closes the file; in its place the next run flushes.
  const std::vector<Call> calls = end();
  ASSERT_EQ(calls.back().kind, CallKind::close);
  std::filesystem::remove(out + ".part");
  std::filesystem::remove(out + ".part.json");
  begin(folder.path(), static_cast<long>(calls.size()),
        {.kind = Fault::Kind::error, .error = EIO, .for_good = false});
  {
    PartFile part(request(out), {});
    part.append("{}\n");
    std::this_thread::sleep_for(kLongerThanAFlush);
    const std::string sentence = error_of(ErrorKind::io, [&] { part.append("{}\n"); });
    EXPECT_NE(sentence.find(out + ".part"), std::string::npos) << sentence;
    error_of(ErrorKind::io, [&] { part.finish(); });  // nor is it forgotten
  }
  const Call failed = end().at(calls.size() - 1);
  EXPECT_EQ(to_string(failed.kind), to_string(CallKind::sync));
  EXPECT_EQ(failed.path, out + ".part");
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(read_bytes(out + ".part"), "{}\n");
}

}  // namespace
}  // namespace allconv::io_faults
