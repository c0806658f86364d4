// ONNX files: what is accepted is a whole model, as a model file and as an ONNX file again.
#include "engine/onnx/onnx_file.hpp"

#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"
#include "tests/fuzz/harness/models.hpp"

namespace allconv::fuzz {

namespace {

void check_round_trips(const Model& model) {
  static const ScratchFolder folder;
  write_model(model, folder / "model");
  require(same(model, read_model(folder / "model")), "a model of an ONNX file is a whole model");
  // A tensor that no node takes may have the name of a value of the graph that is written.
  const auto write = [&] { write_onnx(model, folder / "m.onnx"); };
  if (!accepted({ErrorKind::usage}, write)) return;
  const auto is_silent = [](Severity, std::string_view) {
    require(false, "an ONNX file of this program leaves nothing open");
  };
  require(same(model, read_onnx(folder / "m.onnx", is_silent)),
          "a model of an ONNX file reads equal when it was written as one");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of({data, size}));
  Model model;
  const auto read = [&] { model = read_onnx(file.path(), {}); };
  if (fuzz::accepted({ErrorKind::model}, read)) fuzz::check_round_trips(model);
  return 0;
}
