// Text that may not be text: file names are any bytes, JSON is UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace allconv {

// Well-formed as Unicode, table 3-7, has it: no overlong forms, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view bytes);

// Each byte that does not belong to a well-formed character becomes U+FFFD.
std::string to_utf8(std::string_view bytes);

// RFC 4648, section 4, with padding.
std::string to_base64(std::string_view bytes);

}  // namespace allconv
