// The page of explanations: one HTML text with the strips in it, which sorts and filters them where
// scripts run and shows them in the order given where they do not.
#pragma once

#include <string>
#include <vector>

#include "engine/explain/explanation_record.hpp"

namespace allconv {

struct PageEntry {
  ExplanationRecord record;
  std::string strip;  // the bytes of a PNG file, not enlarged
};

// What was explained, whether it is shown or not.
struct ExplanationCounts {
  std::size_t images = 0;  // failed ones too
  std::size_t failed = 0;
  std::size_t without_pictures = 0;    // explained, but pictures could not be had
  std::vector<std::size_t> zero_maps;  // one a method: maps of zeros
};

std::string explanation_page(const ExplanationSubject& subject,
                             const std::vector<PageEntry>& entries,
                             const ExplanationCounts& counts);

}  // namespace allconv
