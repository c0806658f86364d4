#include "engine/support/error.hpp"

#include <algorithm>

namespace allconv {

Error::Error(ErrorKind kind, std::string_view what_happened, std::string_view where,
             std::string_view mend)
    : kind_(kind) {
  if (!where.empty()) sentence_.append(where).append(": ");
  sentence_.append(what_happened);
  if (!mend.empty()) sentence_.append("; ").append(mend);
  // Names and texts from files are quoted here: they must neither break the line nor drive a
  // terminal.
  const auto is_control = [](char letter) {
    return (letter >= 0 && letter < ' ') || letter == '\x7F';
  };
  std::replace_if(sentence_.begin(), sentence_.end(), is_control, '?');
}

}  // namespace allconv
