// What the sanity test's numbers mean, in plain sentences that give them.
#pragma once

#include <string>
#include <string_view>

#include "engine/explain/sanity.hpp"

namespace allconv {

enum class Dependence { clear, partial, hardly, unknown };
std::string_view dependence_name(Dependence dependence);  // as it stands here

// At and above these a map hardly depends on what was taken away. A rank correlation of 0.5 means
// that a quarter of the ranks' variance (its square) is there without it; for SSIM, whose 1 is the
// same picture, one half as well: to the eye such maps look alike.
inline constexpr double kHardlyDependent = 0.5;
// From here on it depends on it in part: chance gives rank correlations of about 0.03 in maps of
// 32x32 independent places, a few times as much where neighbours are alike.
inline constexpr double kPartlyDependent = 0.25;
// Maps that are dark but for few places have a high SSIM wherever these are: SSIM counts only as
// far above that of the map with itself, moved by half its size.
inline constexpr double kAboveTexture = 0.1;

struct Verdict {
  Dependence dependence = Dependence::unknown;
  std::string sentence;  // plain text
};

// With all layers random: by Spearman's correlation of magnitudes, or by SSIM.
Verdict verdict_on_learning(const SanityMethod& method, const SanityResult& result);
// With another class: by Spearman's correlation of magnitudes and of signed values, the lesser of
// both, since a map that turns its signs does tell the classes apart.
Verdict verdict_on_class(const SanityMethod& method);

}  // namespace allconv
