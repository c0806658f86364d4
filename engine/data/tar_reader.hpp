// TarReader: the members of a tar archive, one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/support/input_file.hpp"

namespace allconv {

class ArchiveReader;

struct TarMember {
  enum class Kind { file, folder, hard_link, symbolic_link, device };

  std::string_view name;  // as stored: raw bytes; until the next member is asked for
  Kind kind = Kind::file;
  std::int64_t bytes = 0;  // of a file, holes included
};

// Used by one thread at a time. The file must outlive it. All functions throw Error{io} that names
// the archive and the last whole member when it is damaged, ends early, or inflates to far more
// than an archive of its size should.
class TarReader {
 public:
  explicit TarReader(const InputFile& file);
  ~TarReader();

  // Nullopt behind the last one.
  std::optional<TarMember> next();

  // The content of the member that next() gave; dst.size() is its bytes. Once a member.
  void read(std::span<std::byte> dst);

  // Behind the last member: whether the archive ends as it should, checksums included.
  void check_end();

 private:
  void skip_data();

  std::unique_ptr<ArchiveReader> reader_;
  std::string name_;        // of the current member
  std::string whole_name_;  // of the last one whose data were passed
  bool in_member_ = false;
};

}  // namespace allconv
