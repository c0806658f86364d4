// Names of files after things whose own names may hold any bytes: paths of images, names of layers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace allconv {

// Letters, digits and "._-" of ASCII, all else becomes "_", runs of it one; at most 64 bytes; does
// not begin with a dot. May be empty. Needs no escaping in URLs and HTML.
std::string safe_name(std::string_view bytes);

// "000017-cat": `number` with so many digits, then the safe name where there is one. Two numbers
// never give one name.
std::string numbered_name(std::size_t number, int digits, std::string_view bytes);

// What stands between the last slash and a short suffix: "cat" of "set.tar:pets/cat.jpeg".
std::string_view stem_of(std::string_view path);

}  // namespace allconv
