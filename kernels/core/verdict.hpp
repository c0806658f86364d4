// Verdict: the answer of a kernel to "can you compute this problem?", with the reason when it
// cannot.
#pragma once

#include <string>
#include <utility>

namespace allconv::kernels {

// Either an acceptance (empty reason) or a refusal whose reason is a sentence with the offending
// value and the mend, e.g. "c=3 is not a multiple of 8: pad the channels, or use cuda_simt".
struct Verdict {
  std::string why_not;

  bool accepted() const { return why_not.empty(); }

  static Verdict accept() { return {}; }
  static Verdict refuse(std::string reason) { return {std::move(reason)}; }
};

}  // namespace allconv::kernels
