#include "engine/data/class_folders.hpp"

#include <algorithm>

#include "engine/data/formats.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Hidden folders (.git, .ipynb_checkpoints) are neither classes nor splits.
bool is_class_name(const std::string& name) { return !name.starts_with('.'); }

// train/ beside test/ or val/ is a split, for they could hardly be two classes; others are one only
// where no folder has another name and all have class folders of their own.
bool has_splits(const FolderTree& tree, const std::string& top, const FolderView& view) {
  const auto has = [&](const char* name) { return contains(view.folders, name); };
  if (has("train") && (has("test") || has("val"))) return true;
  const auto is_split = [&](const std::string& name) {
    const bool known = name == "train" || name == "test" || name == "val";
    return !is_class_name(name) || (known && !tree.view(top + name + "/").folders.empty());
  };
  return (has("train") || has("test") || has("val")) &&
         std::all_of(view.folders.begin(), view.folders.end(), is_split);
}

// The folders that make up the split. Data without splits are all of each.
std::vector<std::string> split_parts(const FolderTree& tree, const std::string& top, Split split) {
  const FolderView view = tree.view(top);
  if (!has_splits(tree, top, view)) return {top};
  std::vector<std::string> parts;
  const auto add = [&](const char* name) {
    if (!contains(view.folders, name)) return false;
    parts.push_back(top + name + "/");
    return true;
  };
  if (split == Split::train) add("train");
  if (split == Split::test) add("test") || add("val");
  if (split == Split::all) add("test"), add("train"), add("val");
  if (parts.empty()) throw_no_such_split(tree.root + top, split);
  return parts;
}

std::vector<std::string> class_names(const std::vector<FolderView>& views) {
  std::vector<std::string> names;
  for (const FolderView& view : views) {
    std::copy_if(view.folders.begin(), view.folders.end(), std::back_inserter(names),
                 is_class_name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void refuse_unlabelled(const FolderView& view, const std::string& where) {
  if (!view.first_image) return;
  const bool mixed = std::any_of(view.folders.begin(), view.folders.end(), is_class_name);
  throw Error(ErrorKind::usage,
              mixed ? "the folder mixes images and class folders" : "the images have no labels",
              where + *view.first_image, "put every image into the folder of its class");
}

void choose_class_folders(const FolderTree& tree, ChosenFolders& chosen) {
  std::vector<FolderView> views;
  for (const std::string& part : chosen.parts) {
    views.push_back(tree.view(part));
    refuse_unlabelled(views.back(), tree.root + part);
  }
  chosen.classes = class_names(views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    for (const std::string& name : views[i].folders) {
      if (!is_class_name(name)) continue;
      const auto& classes = chosen.classes;
      const auto label = std::lower_bound(classes.begin(), classes.end(), name) - classes.begin();
      chosen.folders.push_back({chosen.parts[i] + name + "/", static_cast<int>(label)});
    }
  }
}

}  // namespace

const ChosenFolders::Folder* ChosenFolders::find(std::string_view path) const {
  // As none is below another, all between a folder and what it holds would be below it too: only
  // the last that is not behind the path can hold it.
  const auto behind = std::upper_bound(
      folders.begin(), folders.end(), path,
      [](std::string_view wanted, const Folder& folder) { return wanted < folder.path; });
  if (behind == folders.begin()) return nullptr;
  const Folder& folder = *(behind - 1);
  return path.starts_with(folder.path) ? &folder : nullptr;
}

ChosenFolders choose_folders(const FolderTree& tree, const std::string& top, Split split,
                             OpenMode mode) {
  ChosenFolders chosen;
  chosen.parts = wants_everything(split, mode) ? std::vector{top} : split_parts(tree, top, split);
  if (mode == OpenMode::score) {
    for (const std::string& part : chosen.parts) chosen.folders.push_back({part, kNoLabel});
  } else {
    choose_class_folders(tree, chosen);
  }
  std::sort(chosen.folders.begin(), chosen.folders.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return chosen;
}

std::string pass_single_folder(const FolderTree& tree) {
  constexpr int kDeepest = 8;
  std::string top;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const FolderView view = tree.view(top);
    if (view.folders.size() != 1 || view.first_image || has_splits(tree, top, view)) break;
    const std::string inner = top + view.folders[0] + "/";
    if (tree.view(inner).folders.empty()) break;
    top = inner;
  }
  return top;
}

void refuse_empty_class(const std::vector<bool>& used, const ChosenFolders& chosen,
                        const std::string& root) {
  const auto empty = std::find(used.begin(), used.end(), false);
  if (empty == used.end() || std::find(used.begin(), used.end(), true) == used.end()) return;
  // More likely a slip than something that could be learnt.
  throw Error(
      ErrorKind::usage, "the class folder holds no images",
      root + chosen.parts[0] + chosen.classes[static_cast<std::size_t>(empty - used.begin())],
      "remove it, or put images into it");
}

}  // namespace allconv
