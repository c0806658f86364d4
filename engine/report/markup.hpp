// Text, numbers and pictures as they stand in HTML and SVG.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace allconv {

// As text or as a quoted attribute. What is not UTF-8, and characters that HTML does not have,
// become U+FFFD.
std::string escaped(std::string_view text);

// At most so many characters, the last of them three dots where some are left out; not escaped.
std::string shortened(std::string_view text, std::size_t characters);
std::size_t character_count(std::string_view text);  // of UTF-8

// "12.34 %", a dash where it is not known.
std::string percent_text(std::optional<double> share);
// Six digits, a dash where it is not known.
std::string number_text(std::optional<double> value);

// "data:image/png;base64,..." of the bytes of a PNG file.
std::string png_uri(std::string_view png);

}  // namespace allconv
