// In place of the other sources of this folder in a build without ONNX.
#include "engine/onnx/onnx_file.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw Error(ErrorKind::usage, "this program was built without ONNX", path,
              "build it with -DALLCONV_ONNX=ON");
}

}  // namespace

Model read_onnx(const std::string& path, const Diagnostics&, const OnnxExtras&) { refuse(path); }
void write_onnx(const Model&, const std::string& path) { refuse(path); }

}  // namespace allconv
