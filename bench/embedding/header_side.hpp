// The embedding benchmark's side that sees the public headers alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace allconv::bench {

// A call that scores one image through the C++ header. `pixels` (height,width,3) are borrowed.
std::function<void()> header_call(const std::string& model, const std::uint8_t* pixels,
                                  int threads);

// Seconds from nothing to the scores of one black image.
double first_score_seconds(const std::string& model);

}  // namespace allconv::bench
