// Tensors written item by item are a safetensors file as any other.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>

#include "engine/formats/safetensors.hpp"
#include "engine/formats/tensor_stream.hpp"
#include "engine/support/error.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

using Floats = std::vector<float>;

void append(TensorStream& stream, const Floats& one, const Floats& other) {
  const std::span<const float> parts[] = {one, other};
  stream.append(parts);
}

Floats values_of(const SafetensorsReader& reader, const std::string& name) {
  const TensorInfo* tensor = reader.find(name);
  if (tensor == nullptr) return {};
  Floats values(tensor->bytes() / sizeof(float));
  reader.read(*tensor, std::as_writable_bytes(std::span(values)));
  return values;
}

TEST(TensorStream, IsReadBack) {
  const TemporaryFolder folder;
  const std::string path = folder / "tensors";
  write_bytes(path, "what was there");
  TensorStream stream(path, {"input", "attribution"}, {1, 2});
  append(stream, {1, 2}, {-1, -2});
  append(stream, {3, 4}, {-3, -4});
  append(stream, {5, 6}, {-5, -6});
  EXPECT_EQ(stream.items(), 3);
  EXPECT_EQ(folder.files(), 1);  // spools have no names
  EXPECT_EQ(read_bytes(path), "what was there");
  stream.finish({{"allconv.images", R"(["a", "b", "c"])"}});
  EXPECT_EQ(folder.files(), 1);

  const SafetensorsReader reader(path);
  EXPECT_EQ(values_of(reader, "input"), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values_of(reader, "attribution"), (Floats{-1, -2, -3, -4, -5, -6}));
  for (const TensorInfo& tensor : reader.tensors()) {
    EXPECT_EQ(tensor.dtype, "F32");
    EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{3, 1, 2}));
  }
  EXPECT_EQ(reader.metadata().at("allconv.images"), R"(["a", "b", "c"])");
}

TEST(TensorStream, KnowsBeforeTheFirstItemWhatTheHeaderDoesNotTake) {
  const TemporaryFolder folder;
  TensorStream stream(folder / "tensors", {"input"}, {1});
  const TensorStream::Metadata fitting = {{"names", "a"}};
  const TensorStream::Metadata larger = {{"names", std::string(100'000'000, 'x')}};
  EXPECT_NO_THROW(stream.check_header(fitting, 1'000'000));
  EXPECT_THROW(stream.check_header(larger, 1'000'000), Error);
  EXPECT_EQ(stream.items(), 0);
  stream.finish(fitting);
  EXPECT_EQ(SafetensorsReader(folder / "tensors").metadata().at("names"), "a");
}

TEST(TensorStream, IsTheFileThatIsWrittenAtOnce) {
  const TemporaryFolder folder;
  const Floats values = {1, 2, 3};
  TensorStream stream(folder / "stream", {"b", "a"}, {3});
  append(stream, values, values);
  stream.finish({{"z", "1"}, {"y", "2"}});
  const auto bytes = std::as_bytes(std::span(values));
  write_safetensors(folder / "at once", {{"z", "1"}, {"y", "2"}},
                    {{"b", "F32", {1, 3}, bytes}, {"a", "F32", {1, 3}, bytes}});
  EXPECT_EQ(read_bytes(folder / "stream"), read_bytes(folder / "at once"));
}

TEST(TensorStream, MayHaveNoItems) {
  const TemporaryFolder folder;
  TensorStream(folder / "tensors", {"input", "attribution"}, {3, 4, 5}).finish({});
  const SafetensorsReader reader(folder / "tensors");
  EXPECT_EQ(reader.tensors().size(), 2U);
  EXPECT_EQ(reader.find("input")->shape, (std::vector<std::int64_t>{0, 3, 4, 5}));
  EXPECT_EQ(reader.data_bytes(), 0);
}

TEST(TensorStream, OfManyBlocksIsWhole) {
  const TemporaryFolder folder;
  constexpr std::size_t kItem = 100'000;  // values: three items are more than one block
  TensorStream stream(folder / "tensors", {"x"}, {kItem});
  Floats item(kItem);
  for (int i = 0; i < 8; ++i) {
    std::fill(item.begin(), item.end(), static_cast<float>(i));
    const std::span<const float> parts[] = {item};
    stream.append(parts);
  }
  stream.finish({});
  const Floats values = values_of(SafetensorsReader(folder / "tensors"), "x");
  ASSERT_EQ(values.size(), 8 * kItem);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(values[i * kItem], static_cast<float>(i));
    EXPECT_EQ(values[(i + 1) * kItem - 1], static_cast<float>(i));
  }
}

TEST(TensorStream, RefusesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  const auto open = [](const std::string& path) { TensorStream(path, {"x"}, {1}); };
  EXPECT_NE(error_of(ErrorKind::io, [&] { open(folder.path()); }).find(folder.path()),
            std::string::npos);
  const std::string lost = folder / "none/tensors";
  EXPECT_NE(error_of(ErrorKind::io, [&] { open(lost); }).find(lost), std::string::npos);
  TensorStream stream(folder / "tensors", {"x", "x"}, {1});
  error_of(ErrorKind::internal, [&] { append(stream, {1, 2}, {1}); });
  error_of(ErrorKind::internal, [&] { stream.append({}); });
  error_of(ErrorKind::internal, [&] { stream.finish({}); });
  EXPECT_EQ(folder.files(), 0);
}

// A limit of the file size stands in for a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_ = {};
  void (*handler_)(int);
};

TEST(TensorStream, ThatDoesNotFitLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "tensors";
  write_bytes(path, "what was there");
  TensorStream stream(path, {"x", "y"}, {1000});
  const Floats item(1000, 1);
  append(stream, item, item);
  std::string spooling, finishing;
  {
    const FileSizeLimit limit(6000);  // bytes: less than both tensors, more than one
    finishing = error_of(ErrorKind::io, [&] { stream.finish({}); });
    spooling = error_of(ErrorKind::io, [&] {
      TensorStream other(path, {"x", "y"}, {1000});
      append(other, item, item);
      append(other, item, item);
    });
  }
  EXPECT_NE(finishing.find(path), std::string::npos) << finishing;
  EXPECT_NE(spooling.find(path), std::string::npos) << spooling;
  EXPECT_EQ(read_bytes(path), "what was there");
  EXPECT_EQ(folder.files(), 1);
}

}  // namespace
}  // namespace allconv
