// 64-bit hashes (XXH64, seed 0: what the tool `xxhsum` prints) that tell inputs apart. Not for
// security.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace allconv {

std::uint64_t hash_bytes(std::string_view bytes);

// Reads the file in pieces. Throws Error{io}.
std::uint64_t hash_file(const std::string& path);

// Sixteen hexadecimal digits, as JSON numbers cannot hold 64 bits everywhere.
std::string hash_text(std::uint64_t hash);

}  // namespace allconv
