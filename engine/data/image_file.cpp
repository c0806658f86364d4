#include "engine/data/image_file.hpp"

#include <cerrno>
#include <system_error>

#include "engine/data/file_descriptor.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestFile = std::int64_t{1} << 30;

ImageError open_error(const std::string& doing, int code) {
  const std::string reason = code == EINVAL ? "it is no regular file"
                             : code == 0    ? "it became shorter"
                                            : std::generic_category().message(code);
  return {ImageError::Stage::open, doing + ": " + reason};
}

}  // namespace

std::variant<FileBytes, ImageError> read_image_file(const std::string& path) {
  const FileDescriptor file(path);
  if (!file.is_open()) return open_error("cannot open the file", errno);
  const std::int64_t size = file.size();
  if (size < 0) return open_error("cannot read the file", errno);
  if (size > kLargestFile) {
    return ImageError{ImageError::Stage::open, "the file is larger than 1 GiB"};
  }
  FileBytes bytes(static_cast<std::size_t>(size));
  if (!file.read_at(0, bytes.span())) return open_error("cannot read the file", errno);
  return bytes;
}

}  // namespace allconv
