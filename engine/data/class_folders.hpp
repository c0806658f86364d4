// What folders mean: which of them belong to a split, and which label the images below one have.
// The same for folders on the disk and for those inside of an archive.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/data_set.hpp"

namespace allconv {

// The direct children of one folder.
struct FolderView {
  std::vector<std::string> folders;        // names, sorted bytewise
  std::optional<std::string> first_image;  // name of an image beside them
};

// Folders are named by their paths below the root, with a slash at the end; the root is "".
struct FolderTree {
  std::string root;  // goes before a path in messages
  std::function<FolderView(const std::string& folder)> view;
};

// The images of a set, as folders: what lies below one of them, at any depth, belongs to it.
class ChosenFolders {
 public:
  struct Folder {
    std::string path;  // none is below another one
    int label = kNoLabel;
  };

  std::vector<Folder> folders;       // sorted by path, bytewise
  std::vector<std::string> parts;    // the folders that are the split; class folders lie in them
  std::vector<std::string> classes;  // empty: no labels

  // The folder that holds the path, or null.
  const Folder* find(std::string_view path) const;
};

// Whether folders mean nothing: all images below the root are wanted.
inline bool wants_everything(Split split, OpenMode mode) {
  return mode == OpenMode::score && split == Split::all;
}

// `top` is the folder to begin at. Throws Error{usage} for a split that is not there and for images
// that have no label where labels are needed.
ChosenFolders choose_folders(const FolderTree& tree, const std::string& top, Split split,
                             OpenMode mode);

// The folder to begin at in an archive: `tar cf set.tar pictures/` puts all into a folder of which
// nobody thinks as a class. It is passed through where it holds folders itself.
std::string pass_single_folder(const FolderTree& tree);

// Training needs images of every class. `used[label]` tells where there are some.
void refuse_empty_class(const std::vector<bool>& used, const ChosenFolders& chosen,
                        const std::string& root);

}  // namespace allconv
