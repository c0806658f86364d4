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

std::optional<ReluRule> parse_rule(std::string_view name) {
  for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
    if (name == rule_name(rule)) return rule;
  }
  return std::nullopt;
}

}  // namespace allconv
