// TarSource: images that are members of a tar archive, read as a stream; nothing is unpacked.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/data/class_folders.hpp"
#include "engine/data/image_source.hpp"
#include "engine/data/path_list.hpp"
#include "engine/data/tar_reader.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

// A member's name as folders see it: "./a/b.png" and "/a/b.png" lie in "a/".
std::string_view path_of_member(std::string_view name);

// The folder that the member's labels come from, or null for one that is no image of the set.
const ChosenFolders::Folder* find_folder(const ChosenFolders& folders, const TarMember& member);

class TarSource final : public ImageSource {
 public:
  // `members`: names, as stored, of those for which find_folder() has an answer, in member order.
  TarSource(std::shared_ptr<const InputFile> file, ChosenFolders folders, PathList members);

  std::size_t size() const override { return members_.size(); }
  std::string path(std::size_t index) const override;  // "set.tar:member/name.jpg"
  int label(std::size_t index) const override { return members_.label(index); }
  bool sequential() const override { return true; }

  // Goes forward through the archive; begins anew for a member that lies behind. After a failure of
  // the archive itself, all members from there on fail.
  ReadResult read(std::size_t index, MemoryBudget& memory) const override;

 private:
  ReadResult read_ahead(std::size_t index, MemoryBudget& memory) const;
  TarMember find_member(std::size_t index) const;

  std::shared_ptr<const InputFile> file_;
  ChosenFolders folders_;
  PathList members_;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::unique_ptr<TarReader> reader_;
  mutable std::size_t next_ = 0;  // index of the first image that the reader has not passed
  mutable std::size_t broken_at_;
  mutable std::string broken_why_;
};

}  // namespace allconv
