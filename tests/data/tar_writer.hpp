// Writes tar archives for tests, odd ones too.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace allconv::testing {

struct Member {
  std::string name;
  std::string bytes;
  mode_t type = AE_IFREG;
  std::string hard_link = {};
  std::int64_t hole = 0;  // that many bytes at the beginning are zeros, and not stored
};

// How to pack: values of libarchive.
struct Archive {
  int filter = ARCHIVE_FILTER_NONE;
  int format = ARCHIVE_FORMAT_TAR_PAX_RESTRICTED;
};

inline void write_tar(const std::string& path, const std::vector<Member>& members,
                      Archive kind = {}) {
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
  archive_write_set_format(writer.get(), kind.format);
  archive_write_add_filter(writer.get(), kind.filter);
  ASSERT_EQ(archive_write_open_filename(writer.get(), path.c_str()), ARCHIVE_OK);
  for (const Member& member : members) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), member.name.c_str());
    archive_entry_set_filetype(entry.get(), member.type);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.bytes.size()));
    if (member.type == AE_IFLNK) archive_entry_set_symlink(entry.get(), "target");
    if (member.hole > 0) {
      const auto size = static_cast<la_int64_t>(member.bytes.size());
      archive_entry_sparse_add_entry(entry.get(), member.hole, size - member.hole);
    }
    if (!member.hard_link.empty())
      archive_entry_set_hardlink(entry.get(), member.hard_link.c_str());
    ASSERT_GE(archive_write_header(writer.get(), entry.get()), ARCHIVE_WARN)
        << archive_error_string(writer.get());
    archive_write_data(writer.get(), member.bytes.data(), member.bytes.size());
  }
  ASSERT_EQ(archive_write_close(writer.get()), ARCHIVE_OK);
}

}  // namespace allconv::testing
