// The rows of image warping, in order of preference.
#include "kernels/image_warp/cpu_lookup.hpp"
#include "kernels/image_warp/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const ImageWarpProblem& problem, const ImageWarping::Arguments& arguments,
               int /*part*/) {
  image_warp_reference(problem, arguments.images, arguments.warps, arguments.scaling,
                       arguments.dst);
}

}  // namespace

KernelTable<ImageWarping> kernel_table(ImageWarping) {
  static constexpr Kernel<ImageWarping> kRows[] = {
      plain_row<ImageWarping, image_warp_cpu_lookup>("image_warp_cpu_lookup", Isa::portable,
                                                     NumericClass::exact),
      plain_row<ImageWarping, reference>("image_warp_reference", Isa::portable,
                                         NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
