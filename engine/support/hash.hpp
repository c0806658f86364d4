// 64-bit hashes (XXH64, seed 0: what the tool `xxhsum` prints) that tell inputs apart. Not for
// security.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace allconv {

std::uint64_t hash_bytes(std::string_view bytes);

// The same of bytes that come piece by piece. Used by one thread at a time. Throws std::bad_alloc.
class HashStream {
 public:
  HashStream();
  ~HashStream();
  HashStream(const HashStream&) = delete;
  HashStream& operator=(const HashStream&) = delete;

  void add(std::string_view bytes);

  std::uint64_t value() const;  // of all that was added so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads the file in pieces. Throws Error{io}.
std::uint64_t hash_file(const std::string& path);

// Sixteen hexadecimal digits, as JSON numbers cannot hold 64 bits everywhere.
std::string hash_text(std::uint64_t hash);

}  // namespace allconv
