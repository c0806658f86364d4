// Folders of image files: flat, of class folders, or with train/ and test/ or val/ above these.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "engine/data/file_source.hpp"
#include "engine/data/formats.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void throw_unreadable(const std::string& folder, const std::error_code& code) {
  throw Error(ErrorKind::io, "cannot open the folder: " + code.message(), folder,
              "give a folder that may be read");
}

// What a walk through folders has met.
struct Found {
  std::vector<ImageFile> images;
  std::size_t others = 0;  // files that are no images by their suffix
};

void keep_images(const Listing& listing, int label, Found& found) {
  for (const std::string& name : listing.files) {
    if (has_image_suffix(name)) {
      found.images.push_back({listing.folder + name, label});
    } else {
      ++found.others;
    }
  }
}

// Everything below the listed folder, at any depth.
void walk(const Listing& top, int label, Found& found) {
  std::vector<std::string> pending;
  const auto visit = [&](const Listing& listing) {
    keep_images(listing, label, found);
    for (const std::string& name : listing.folders) pending.push_back(listing.folder + name);
  };
  visit(top);
  while (!pending.empty()) {
    const std::string folder = std::move(pending.back());
    pending.pop_back();
    visit(list_folder(folder));
  }
}

// Hidden folders (.git, .ipynb_checkpoints) are neither classes nor splits.
bool is_class_name(const std::string& name) { return !name.starts_with('.'); }

// train/ beside test/ or val/ is a split, for they could hardly be two classes; others are one only
// where no folder has another name and all have class folders of their own.
bool has_splits(const Listing& listing) {
  const auto has = [&](const char* name) { return contains(listing.folders, name); };
  if (has("train") && (has("test") || has("val"))) return true;
  const auto is_split = [&](const std::string& name) {
    const bool known = name == "train" || name == "test" || name == "val";
    return !is_class_name(name) || (known && !list_folder(listing.folder + name).folders.empty());
  };
  return (has("train") || has("test") || has("val")) &&
         std::all_of(listing.folders.begin(), listing.folders.end(), is_split);
}

// The folders that make up the split. Data without splits are all of each.
std::vector<Listing> split_folders(const Listing& listing, Split split) {
  if (!has_splits(listing)) return {listing};
  std::vector<std::string> names;
  const auto add = [&](const char* name) {
    if (!contains(listing.folders, name)) return false;
    names.emplace_back(name);
    return true;
  };
  if (split == Split::train) add("train");
  if (split == Split::test) add("test") || add("val");
  if (split == Split::all) add("test"), add("train"), add("val");
  if (names.empty()) throw_no_such_split(listing.folder, split);
  std::vector<Listing> folders;
  folders.reserve(names.size());
  for (const std::string& name : names) folders.push_back(list_folder(listing.folder + name));
  return folders;
}

std::vector<std::string> class_names(const std::vector<Listing>& folders) {
  std::vector<std::string> names;
  for (const Listing& listing : folders) {
    std::copy_if(listing.folders.begin(), listing.folders.end(), std::back_inserter(names),
                 is_class_name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void refuse_unlabelled(const Listing& listing) {
  const auto image = std::find_if(listing.files.begin(), listing.files.end(), has_image_suffix);
  if (image == listing.files.end()) return;
  const bool mixed = std::any_of(listing.folders.begin(), listing.folders.end(), is_class_name);
  throw Error(ErrorKind::usage,
              mixed ? "the folder mixes images and class folders" : "the images have no labels",
              listing.folder + *image, "put every image into the folder of its class");
}

Found find_labelled(const std::vector<Listing>& folders, const std::vector<std::string>& classes) {
  Found found;
  for (const Listing& listing : folders) {
    refuse_unlabelled(listing);
    found.others += listing.files.size();
    for (const std::string& name : listing.folders) {
      if (!is_class_name(name)) continue;
      const auto label = std::lower_bound(classes.begin(), classes.end(), name) - classes.begin();
      walk(list_folder(listing.folder + name), static_cast<int>(label), found);
    }
  }
  return found;
}

// A class without images could not be learnt, and is more likely a slip.
void refuse_empty_class(const Found& found, const std::vector<std::string>& classes,
                        const std::string& where) {
  std::vector<bool> used(classes.size(), false);
  for (const ImageFile& image : found.images) used[static_cast<std::size_t>(image.label)] = true;
  const auto empty = std::find(used.begin(), used.end(), false);
  if (empty == used.end() || found.images.empty()) return;
  throw Error(ErrorKind::usage, "the class folder holds no images",
              where + classes[static_cast<std::size_t>(empty - used.begin())],
              "remove it, or put images into it");
}

void report_others(const Found& found, const std::string& where, const Diagnostics& diagnostics) {
  if (found.others == 0 || !diagnostics) return;
  const bool one = found.others == 1;
  diagnostics(Severity::note, where + ": skipped " + std::to_string(found.others) +
                                  (one ? " file that is no image" : " files that are no images"));
}

}  // namespace

namespace {

fs::directory_iterator first_entry(const std::string& folder, std::error_code& code) {
  fs::directory_iterator entry(folder, code);
  while (code == std::errc::interrupted) entry = fs::directory_iterator(folder, code);
  return entry;
}

// An image that cannot be looked at fails when it is read. Anything else might be a folder full of
// images, which must not be passed over.
bool leads_to_folder(const fs::directory_entry& entry) {
  std::error_code code;
  const bool is_folder = entry.is_directory(code);
  const std::string& path = entry.path().native();
  const bool has_gone = code == std::errc::no_such_file_or_directory;
  if (!code || has_gone || has_image_suffix(path)) return is_folder;
  std::error_code ignored;
  if (!entry.is_symlink(ignored)) throw_unreadable(path, code);
  return false;  // a link to nowhere, or in a circle
}

}  // namespace

bool contains(const std::vector<std::string>& sorted_names, std::string_view name) {
  return std::binary_search(sorted_names.begin(), sorted_names.end(), name);
}

Listing list_folder(const std::string& folder) {
  Listing listing;
  listing.folder = folder.ends_with('/') ? folder : folder + "/";
  std::error_code code;
  for (fs::directory_iterator entry = first_entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    const bool is_folder = leads_to_folder(*entry);
    std::error_code ignored;  // whether it is a link is known once its type is
    if (is_folder && entry->is_symlink(ignored)) continue;  // may lead in a circle
    auto& names = is_folder ? listing.folders : listing.files;
    names.push_back(entry->path().filename().native());
  }
  if (code) throw_unreadable(folder, code);
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

DataSet open_image_folder(const Listing& listing, Split split, OpenMode mode,
                          const Diagnostics& diagnostics) {
  const bool everything = mode == OpenMode::score && split == Split::all;
  const auto folders = everything ? std::vector<Listing>{listing} : split_folders(listing, split);
  Found found;
  std::vector<std::string> classes;
  if (mode == OpenMode::score) {
    for (const Listing& folder : folders) walk(folder, kNoLabel, found);
  } else {
    classes = class_names(folders);
    found = find_labelled(folders, classes);
    if (mode == OpenMode::train) refuse_empty_class(found, classes, folders[0].folder);
  }
  std::sort(found.images.begin(), found.images.end(),
            [](const ImageFile& a, const ImageFile& b) { return a.path < b.path; });
  report_others(found, listing.folder, diagnostics);
  return {std::make_shared<FileSource>(std::move(found.images)), std::move(classes)};
}

}  // namespace allconv
