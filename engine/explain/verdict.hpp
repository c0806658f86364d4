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

// A measure counts only where it is so far above the control, the maps of different images: on
// photographs these have rank correlations of magnitudes of 0.2 to 0.4, since all maps are strong
// at the same places, the deconvnet's signed ones too, and a high SSIM where they are dark but for
// few places. A measure that is not that far above counts as zero, or not at all where its control
// is at kHardlyDependent already: such images are too much alike to tell. Without a control, of one
// image, nothing can be said.
inline constexpr double kAboveControl = 0.1;
// Maps that are so much alike hardly depend on what was taken away. A rank correlation of 0.5 means
// that a quarter of the ranks' variance (its square) is there without it.
inline constexpr double kHardlyDependent = 0.5;
// From here on they depend on it in part: about a tenth of the variance is there without it.
inline constexpr double kPartlyDependent = 0.3;
// The upper layers are many if they are this share of all.
inline constexpr double kManyLayers = 0.5;

struct Verdict {
  Dependence dependence = Dependence::unknown;
  std::string sentence;  // plain text
};

// Of the cascade, by the largest of the measures that count: with all layers random, and how many
// layers from the top on may be random while the map is still alike.
Verdict verdict_on_learning(const SanityMethod& method, const SanityResult& result);
// With another class: by Spearman's correlation of magnitudes and of signed values, the lesser of
// those that count, since a map that turns its signs does tell the classes apart.
Verdict verdict_on_class(const SanityMethod& method);

}  // namespace allconv
