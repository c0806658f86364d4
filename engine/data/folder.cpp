// Folders of image files: flat, of class folders, or with train/ and test/ or val/ above these.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "engine/data/class_folders.hpp"
#include "engine/data/file_source.hpp"
#include "engine/data/formats.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace fs = std::filesystem;

namespace {

enum class EntryKind { file, folder, link_to_folder };

[[noreturn]] void throw_unreadable(const std::string& folder, const std::error_code& code) {
  throw Error(ErrorKind::io, "cannot open the folder: " + code.message(), folder,
              "give a folder that may be read");
}

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

EntryKind kind_of(const fs::directory_entry& entry) {
  if (!leads_to_folder(entry)) return EntryKind::file;
  std::error_code ignored;  // whether it is a link is known once its type is
  return entry.is_symlink(ignored) ? EntryKind::link_to_folder : EntryKind::folder;
}

// Calls visit(name, kind) for each entry, in no order. Throws Error{io}.
template <class Visit>
void visit_entries(const std::string& folder, const Visit& visit) {
  std::error_code code;
  for (fs::directory_iterator entry = first_entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    visit(entry->path().filename().native(), kind_of(*entry));
  }
  if (code) throw_unreadable(folder, code);
}

// What a walk through folders has met.
struct Found {
  PathList images;
  Skipped skipped;
};

// Everything below the folder, at any depth. A link to a folder may lead in a circle: it is not
// followed.
void walk(const std::string& top, int label, Found& found) {
  std::vector<std::string> pending = {top};  // all end in '/'
  while (!pending.empty()) {
    const std::string folder = std::move(pending.back());
    pending.pop_back();
    visit_entries(folder, [&](const std::string& name, EntryKind kind) {
      if (kind == EntryKind::folder) {
        pending.push_back(folder + name + "/");
      } else if (kind == EntryKind::link_to_folder) {
        ++found.skipped.links;
      } else if (has_image_suffix(name)) {
        found.images.add(folder + name, label);
      } else {
        ++found.skipped.others;
      }
    });
  }
}

// Beside class folders no image lies: that was refused.
void count_beside_classes(const std::string& folder, Skipped& skipped) {
  visit_entries(folder, [&](const std::string&, EntryKind kind) {
    skipped.links += kind == EntryKind::link_to_folder;
    skipped.others += kind == EntryKind::file;
  });
}

FolderView view_folder(const std::string& folder) {
  FolderView view;
  visit_entries(folder, [&](const std::string& name, EntryKind kind) {
    if (kind == EntryKind::folder) view.folders.push_back(name);
    const bool image = kind == EntryKind::file && has_image_suffix(name);
    if (image && (!view.first_image || name < *view.first_image)) view.first_image = name;
  });
  std::sort(view.folders.begin(), view.folders.end());
  return view;
}

}  // namespace

void report_skipped(const Skipped& skipped, const std::string& where,
                    const Diagnostics& diagnostics) {
  if (!diagnostics) return;
  std::string text;
  const auto add = [&](std::size_t count, const char* one, const char* several) {
    if (count == 0) return;
    text += text.empty() ? "" : " and ";
    text += std::to_string(count) + (count == 1 ? one : several);
  };
  add(skipped.others, " file that is no image", " files that are no images");
  add(skipped.links, " symbolic link to a folder", " symbolic links to folders");
  if (!text.empty()) diagnostics(Severity::note, where + ": skipped " + text);
}

bool contains(const std::vector<std::string>& sorted_names, std::string_view name) {
  return std::binary_search(sorted_names.begin(), sorted_names.end(), name);
}

Listing list_folder(const std::string& folder) {
  Listing listing;
  listing.folder = folder.ends_with('/') ? folder : folder + "/";
  visit_entries(folder, [&](const std::string& name, EntryKind kind) {
    if (kind == EntryKind::file && !has_image_suffix(name)) listing.files.push_back(name);
  });
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

DataSet open_image_folder(const std::string& root, Split split, OpenMode mode,
                          const Diagnostics& diagnostics) {
  const FolderTree tree{.root = root, .view = [&root](const std::string& folder) {
                          return view_folder(root + folder);
                        }};
  ChosenFolders chosen = choose_folders(tree, "", split, mode);
  Found found;
  std::vector<bool> used(chosen.classes.size(), false);
  for (const ChosenFolders::Folder& folder : chosen.folders) {
    const std::size_t before = found.images.size();
    walk(root + folder.path, folder.label, found);
    if (folder.label == kNoLabel || found.images.size() == before) continue;
    used[static_cast<std::size_t>(folder.label)] = true;
  }
  if (mode == OpenMode::train) refuse_empty_class(used, chosen, root);
  if (mode != OpenMode::score)
    for (const std::string& part : chosen.parts) count_beside_classes(root + part, found.skipped);
  found.images.sort();
  report_skipped(found.skipped, root, diagnostics);
  return {std::make_shared<FileSource>(std::move(found.images)), std::move(chosen.classes)};
}

}  // namespace allconv
