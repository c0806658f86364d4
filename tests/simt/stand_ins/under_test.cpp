#include "tests/simt/stand_ins/under_test.hpp"

#include "kernels/libraries/cublaslt.hpp"
#include "kernels/libraries/cudnn.hpp"
#include "tests/simt/stand_ins/cublaslt_stand_in.hpp"
#include "tests/simt/stand_ins/cudnn_stand_in.hpp"

namespace allconv {

kernels::GpuLibraries libraries_under_test() {
  return {.cudnn = std::make_shared<const kernels::Cudnn>(stand_in::cudnn_functions()),
          .cublaslt = std::make_shared<const kernels::CublasLt>(stand_in::cublaslt_functions()),
          .notes = {}};
}

std::string device_under_test(const kernels::GpuLibraries&) { return stand_in::kCudnnDevice; }

}  // namespace allconv
