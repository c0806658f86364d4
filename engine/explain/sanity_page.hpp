// The sanity test's outcome as files: a page for people, and all numbers as JSON.
#pragma once

#include <string>

#include "engine/explain/sanity.hpp"

namespace allconv {

// One HTML text that needs no other file, no script and no network.
std::string sanity_page(const SanityResult& result);

// The object that `sanity.json` holds; similarities that are not defined are null,
// as is a second class where there is none.
std::string sanity_json(const SanityResult& result);

// Writes `sanity.json`, then `sanity.html`, each file whole or not at all. Throws Error{io}.
void write_sanity(const SanityResult& result, const std::string& folder);

}  // namespace allconv
