// Model files: what is accepted is written and read again as the same model.
#include "engine/formats/model_file.hpp"

#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"
#include "tests/fuzz/harness/models.hpp"

namespace allconv::fuzz {

namespace {

void check_round_trip(const Model& model) {
  static const ScratchFolder folder;
  write_model(model, folder / "first");
  const Model again = read_model(folder / "first");
  require(same(model, again), "a model that was read and written reads equal");
  write_model(again, folder / "second");
  require(read_all(folder / "first") == read_all(folder / "second"),
          "a model that was read and written has the same bytes when written again");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of({data, size}));
  Model model;
  const auto read = [&] { model = read_model(file.path()); };
  if (fuzz::accepted({ErrorKind::model}, read)) fuzz::check_round_trip(model);
  return 0;
}
