// Problem texts, lines of `bench --problem-file`: what is accepted has the sizes that it says, and
// is written and read again as the same text.
#include "bench/problem_check.hpp"
#include "kernels/dropout/problem.hpp"
#include "kernels/image_prepare/problem.hpp"
#include "kernels/image_warp/problem.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

template <class Operation>
void check_problem(std::string_view text) {
  using Problem = typename Operation::Problem;
  accepted({ErrorKind::usage}, [&] {
    const auto problem = read_problem<Problem>(text);
    require(problem.bytes() >= 0, "a problem has a size");
    const std::string written = kernels::to_text(problem);
    require(kernels::to_text(read_problem<Problem>(written)) == written,
            "a problem that was written reads equal");
  });
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const std::string_view text = fuzz::text_of({data, size});
  fuzz::check_problem<kernels::Conv2dForward>(text);
  fuzz::check_problem<kernels::MaxPoolForward>(text);
  fuzz::check_problem<kernels::ReluForward>(text);
  fuzz::check_problem<kernels::Dropout>(text);
  fuzz::check_problem<kernels::ImagePrepare>(text);
  fuzz::check_problem<kernels::ImageWarping>(text);
  return 0;
}
