// Safetensors of any kind: every tensor lies within the file, and what is accepted is written and
// read again as the same tensors.
#include "engine/formats/safetensors.hpp"

#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

using Contents = std::vector<std::vector<std::byte>>;  // one a tensor, in the file's order

Contents read_tensors(const SafetensorsReader& reader) {
  Contents contents;
  std::int64_t total = 0;
  for (const TensorInfo& tensor : reader.tensors()) {
    total += tensor.end - tensor.begin;
    require(tensor.begin >= 0 && tensor.end >= tensor.begin && total <= reader.data_bytes(),
            "tensors lie within the file");
    reader.read(tensor, contents.emplace_back(tensor.bytes()));
  }
  return contents;
}

void check_round_trip(const SafetensorsReader& reader) {
  static const ScratchFolder folder;
  const Contents contents = read_tensors(reader);
  std::vector<TensorSource> sources;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const TensorInfo& tensor = reader.tensors()[i];
    sources.push_back({tensor.name, tensor.dtype, tensor.shape, contents[i]});
  }
  write_safetensors(folder / "again", {reader.metadata().begin(), reader.metadata().end()},
                    sources);

  const SafetensorsReader again(folder / "again");
  require(again.metadata() == reader.metadata(), "metadata read equal");
  require(again.tensors().size() == contents.size(), "as many tensors as before");
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const TensorInfo& before = reader.tensors()[i];
    const TensorInfo* after = again.find(before.name);
    require(after != nullptr && after->dtype == before.dtype && after->shape == before.shape,
            "tensors keep name, type and shape");
    std::vector<std::byte> content(after->bytes());
    again.read(*after, content);
    require(content == contents[i], "tensors keep their bytes");
  }
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of({data, size}));
  fuzz::accepted({ErrorKind::model},
                 [] { fuzz::check_round_trip(SafetensorsReader(file.path())); });
  return 0;
}
