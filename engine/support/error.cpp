#include "engine/support/error.hpp"

namespace allconv {

Error::Error(ErrorKind kind, std::string_view what_happened, std::string_view where,
             std::string_view mend)
    : kind_(kind) {
  if (!where.empty()) sentence_.append(where).append(": ");
  sentence_.append(what_happened);
  if (!mend.empty()) sentence_.append("; ").append(mend);
}

}  // namespace allconv
