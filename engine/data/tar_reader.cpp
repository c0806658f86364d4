#include "engine/data/tar_reader.hpp"

#include <archive_entry.h>

#include <utility>

#include "engine/data/archive_reader.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kBlock = 512;  // of a tar archive
constexpr std::size_t kLongestName = std::size_t{1} << 16;

TarMember::Kind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return TarMember::Kind::hard_link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return TarMember::Kind::file;
    case AE_IFDIR: return TarMember::Kind::folder;
    case AE_IFLNK: return TarMember::Kind::symbolic_link;
    default: return TarMember::Kind::device;
  }
}

std::string behind(const std::string& name) {
  return name.empty() ? " before the first whole member" : " behind the member " + to_utf8(name);
}

}  // namespace

TarReader::TarReader(const InputFile& file) {
  reader_ = std::make_unique<ArchiveReader>(open_stream(file), file.path());
  reader_->check(archive_read_support_format_tar(reader_->get()));
  // What `cat one.tar two.tar` makes would else end, unnoticed, with the first.
  reader_->check(
      archive_read_set_format_option(reader_->get(), "tar", "read_concatenated_archives", "1"));
  reader_->open();
}

TarReader::~TarReader() = default;

void TarReader::skip_data() {
  if (!in_member_) return;
  reader_->check(archive_read_data_skip(reader_->get()), behind(whole_name_));
  in_member_ = false;
  whole_name_ = std::move(name_);
}

std::optional<TarMember> TarReader::next() {
  skip_data();
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(reader_->get(), &entry);
  reader_->check(code, behind(whole_name_));
  if (code == ARCHIVE_EOF) return std::nullopt;
  const char* name = archive_entry_pathname(entry);
  name_ = name == nullptr ? "" : name;
  if (name_.size() > kLongestName) {
    reader_->check(ARCHIVE_FATAL, behind(whole_name_) + ": the next name is over 64 KiB long");
  }
  in_member_ = true;
  return TarMember{.name = name_, .kind = kind_of(entry), .bytes = archive_entry_size(entry)};
}

void TarReader::read(std::span<std::byte> dst) {
  std::size_t done = 0;
  while (done < dst.size()) {
    const la_ssize_t count =
        archive_read_data(reader_->get(), dst.data() + done, dst.size() - done);
    reader_->check(count, behind(whole_name_));
    if (count == 0) reader_->check(ARCHIVE_FATAL, behind(whole_name_));
    done += static_cast<std::size_t>(count);
  }
}

void TarReader::check_end() {
  // Where libarchive found no more members: there two blocks of zeros must be, or one at least.
  const std::int64_t end = archive_read_header_position(reader_->get());
  if (reader_->drain() - end < kBlock) reader_->check(ARCHIVE_FATAL, behind(whole_name_));
}

}  // namespace allconv
