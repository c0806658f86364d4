// Tar archives of image files: flat, of class folders, or with splits above these, as folders are.
#include <algorithm>

#include "engine/data/formats.hpp"
#include "engine/data/tar_source.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kMostMembers = 100'000'000;
constexpr std::size_t kFreeIndexBytes = std::size_t{64} << 20;

// What one pass over the headers has found.
struct Contents {
  PathList images;   // names as stored, in member order
  PathList folders;  // paths of folders, and of those that hold a file that is no image
  std::size_t others = 0;
};

// Names may take as much memory as the archive takes on the disk: a small one that inflates to
// nothing but names must not fill the memory.
void check_contents(const Contents& contents, const InputFile& file) {
  const std::size_t count = contents.images.size() + contents.folders.size() + contents.others;
  const std::size_t bytes = contents.images.bytes() + contents.folders.bytes();
  const bool room =
      bytes <= kFreeIndexBytes || bytes - kFreeIndexBytes <= static_cast<std::size_t>(file.size());
  if (room && count <= kMostMembers) return;
  throw Error(ErrorKind::io, "holds too many or too long names of members", file.path(),
              "cut it into several archives");
}

void keep_folder(std::string_view folder, PathList& folders) {
  if (folder.empty()) return;
  // Files of one folder mostly follow each other.
  if (folders.size() == 0 || folders[folders.size() - 1] != folder) folders.add(folder);
}

Contents read_contents(const InputFile& file, const std::function<bool()>& cancelled) {
  Contents contents;
  TarReader reader(file);
  while (const std::optional<TarMember> member = reader.next()) {
    if (cancelled && cancelled())
      throw Error(ErrorKind::interrupted, "interrupted while the archive was read", file.path());
    const std::string_view path = path_of_member(member->name);
    if (member->kind == TarMember::Kind::folder) {
      const std::string_view name = path.substr(0, path.find_last_not_of('/') + 1);
      if (!name.empty() && name != ".") keep_folder(std::string(name) + "/", contents.folders);
    } else if (has_image_suffix(member->name)) {
      contents.images.add(member->name);
    } else {
      ++contents.others;
      keep_folder(path.substr(0, path.rfind('/') + 1), contents.folders);
    }
    check_contents(contents, file);
  }
  reader.check_end();
  return contents;
}

// Looks through all paths: done a few times in all.
FolderView view_contents(const Contents& contents, const std::string& folder) {
  FolderView view;
  // Returns whether the path is that of a file right in the folder.
  const auto look_at = [&](std::string_view path) {
    if (!path.starts_with(folder)) return false;
    const std::string_view rest = path.substr(folder.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return !rest.empty();
    const std::string_view name = rest.substr(0, slash);
    if (view.folders.empty() || view.folders.back() != name) view.folders.emplace_back(name);
    return false;
  };
  for (std::size_t i = 0; i < contents.folders.size(); ++i) look_at(contents.folders[i]);
  for (std::size_t i = 0; i < contents.images.size(); ++i) {
    const std::string_view path = path_of_member(contents.images[i]);
    if (look_at(path) && !view.first_image) view.first_image = path.substr(folder.size());
  }
  std::sort(view.folders.begin(), view.folders.end());
  view.folders.erase(std::unique(view.folders.begin(), view.folders.end()), view.folders.end());
  return view;
}

}  // namespace

DataSet open_tar(const std::string& path, Split split, OpenMode mode,
                 const Diagnostics& diagnostics, const std::function<bool()>& cancelled) {
  auto file = std::make_shared<const InputFile>(path);
  Contents contents = read_contents(*file, cancelled);
  const FolderTree tree{.root = path + ":", .view = [&contents](const std::string& folder) {
                          return view_contents(contents, folder);
                        }};
  const std::string top = wants_everything(split, mode) ? "" : pass_single_folder(tree);
  ChosenFolders chosen = choose_folders(tree, top, split, mode);
  std::vector<bool> used(chosen.classes.size(), false);
  contents.images.select([&](std::string_view name) -> std::optional<int> {
    const auto* folder = chosen.find(path_of_member(name));
    if (folder == nullptr) return std::nullopt;
    if (folder->label != kNoLabel) used[static_cast<std::size_t>(folder->label)] = true;
    return folder->label;
  });
  if (mode == OpenMode::train) refuse_empty_class(used, chosen, tree.root);
  report_skipped({.others = contents.others}, path, diagnostics);
  auto classes = chosen.classes;
  return {
      std::make_shared<TarSource>(std::move(file), std::move(chosen), std::move(contents.images)),
      std::move(classes)};
}

}  // namespace allconv
