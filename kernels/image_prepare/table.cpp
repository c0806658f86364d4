// The rows of image preparation, in order of preference.
#include <algorithm>

#include "kernels/image_prepare/cpu_simd.hpp"
#include "kernels/image_prepare/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const ImagePrepareProblem& problem, const ImagePrepare::Arguments& arguments,
               int /*part*/) {
  PixelScaling scaling{.scale = arguments.scale};
  std::copy_n(arguments.mean, 3, scaling.mean);
  std::copy_n(arguments.std, 3, scaling.std);
  const std::int64_t dense = std::int64_t{problem.w} * 3;
  image_prepare_reference(problem, arguments.images, arguments.pitch == 0 ? dense : arguments.pitch,
                          arguments.moves, scaling, arguments.dst);
}

}  // namespace

KernelTable<ImagePrepare> kernel_table(ImagePrepare) {
  static constexpr Kernel<ImagePrepare> kRows[] = {
      plain_row<ImagePrepare, avx512::image_prepare>("image_prepare_cpu_avx512", Isa::avx512,
                                                     NumericClass::exact),
      plain_row<ImagePrepare, avx2::image_prepare>("image_prepare_cpu_avx2", Isa::avx2,
                                                   NumericClass::exact),
      plain_row<ImagePrepare, portable::image_prepare>("image_prepare_cpu_portable", Isa::portable,
                                                       NumericClass::exact),
      plain_row<ImagePrepare, reference>("image_prepare_reference", Isa::portable,
                                         NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
