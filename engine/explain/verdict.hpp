// What the sanity test's numbers mean, in plain sentences that give them.
#pragma once

#include <string>
#include <string_view>

#include "engine/explain/sanity.hpp"

namespace allconv {

enum class Dependence {
  clear,
  partial,
  lower_layers,  // on what these have learned, hardly on the upper ones; of learning only
  hardly,
  unknown,
};
std::string_view dependence_name(Dependence dependence);  // as it stands here

// At and above these a map hardly depends on what was taken away. A rank correlation of 0.5 means
// that a quarter of the ranks' variance (its square) is there without it; for SSIM, whose 1 is the
// same picture, one half as well: to the eye such maps look alike.
inline constexpr double kHardlyDependent = 0.5;
// From here on it depends on it in part: about a tenth of the variance is there without it. Less is
// left by the network's shape alone, since fewer windows see the borders of a picture.
inline constexpr double kPartlyDependent = 0.3;
// Maps that are dark but for few places have a high SSIM wherever these are: SSIM counts only as
// far above that of the map with itself, moved by half its size.
inline constexpr double kAboveTexture = 0.1;
// The upper layers are many if they are this share of all.
inline constexpr double kManyLayers = 0.5;

struct Verdict {
  Dependence dependence = Dependence::unknown;
  std::string sentence;  // plain text
};

// Of the cascade, by the larger of Spearman's correlation of magnitudes and SSIM: with all layers
// random, and how many layers from the top on may be random while the map hardly changes.
Verdict verdict_on_learning(const SanityMethod& method, const SanityResult& result);
// With another class: by Spearman's correlation of magnitudes and of signed values, the lesser of
// both, since a map that turns its signs does tell the classes apart.
Verdict verdict_on_class(const SanityMethod& method);

}  // namespace allconv
