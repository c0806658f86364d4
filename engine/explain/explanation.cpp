#include "engine/explain/explanation.hpp"

namespace allconv {

std::string_view rule_name(ReluRule rule) {
  switch (rule) {
    case ReluRule::gradient: return "gradient";
    case ReluRule::deconvnet: return "deconvnet";
    case ReluRule::guided: return "guided";
  }
  return {};
}

}  // namespace allconv
