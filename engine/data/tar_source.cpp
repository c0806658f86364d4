#include "engine/data/tar_source.hpp"

#include "engine/data/formats.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestMember = std::int64_t{1} << 30;

ImageError open_error(std::string message) { return {ImageError::Stage::open, std::move(message)}; }

// Why the member cannot be read, or null.
const char* refusal_of(const TarMember& member) {
  switch (member.kind) {
    case TarMember::Kind::hard_link:
      return "the member is a hard link: make the archive with tar --hard-dereference";
    case TarMember::Kind::symbolic_link:
      return "the member is a symbolic link: make the archive with tar --dereference";
    case TarMember::Kind::file:
      return member.bytes > kLargestMember ? "the member has more than 1 GiB" : nullptr;
    default: return "the member is no regular file";
  }
}

}  // namespace

std::string_view path_of_member(std::string_view name) {
  while (name.starts_with('/') || name.starts_with("./"))
    name.remove_prefix(name[0] == '/' ? 1 : 2);
  return name;
}

const ChosenFolders::Folder* find_folder(const ChosenFolders& folders, const TarMember& member) {
  if (member.kind == TarMember::Kind::folder || !has_image_suffix(member.name)) return nullptr;
  return folders.find(path_of_member(member.name));
}

TarSource::TarSource(std::shared_ptr<const InputFile> file, ChosenFolders folders, PathList members)
    : file_(std::move(file)),
      folders_(std::move(folders)),
      members_(std::move(members)),
      broken_at_(members_.size()) {}

std::string TarSource::path(std::size_t index) const {
  return file_->path() + ":" + std::string(members_[index]);
}

ReadResult TarSource::read(std::size_t index, MemoryBudget& memory) const {
  const std::scoped_lock lock(mutex_);
  if (index >= broken_at_) return open_error(broken_why_);
  try {
    return read_ahead(index, memory);
  } catch (const Error& error) {
    broken_at_ = index;
    broken_why_ = error.what();
    reader_.reset();
    return open_error(broken_why_);
  } catch (...) {
    reader_.reset();  // without memory it may have lost its place
    throw;
  }
}

ReadResult TarSource::read_ahead(std::size_t index, MemoryBudget& memory) const {
  const TarMember member = find_member(index);
  if (const char* refusal = refusal_of(member)) return open_error(refusal);
  const auto bytes = static_cast<std::size_t>(member.bytes);
  EncodedImage image{.bytes = {}, .memory = memory.take(bytes)};
  image.bytes.resize(bytes);
  reader_->read(std::as_writable_bytes(std::span(image.bytes)));
  return image;
}

TarMember TarSource::find_member(std::size_t index) const {
  if (reader_ == nullptr || index < next_) {
    reader_ = std::make_unique<TarReader>(*file_);
    next_ = 0;
  }
  while (const std::optional<TarMember> member = reader_->next()) {
    if (find_folder(folders_, *member) == nullptr) continue;
    if (member->name != members_[next_]) break;
    if (next_++ == index) return *member;
  }
  throw Error(ErrorKind::io, "the archive has changed since it was opened", file_->path(),
              "do not change it while it is read");
}

}  // namespace allconv
