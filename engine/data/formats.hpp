// What open_data() chooses among: one function a kind of folder. Each returns a set with the split
// asked for and throws as open_data() says.
#pragma once

#include <optional>

#include "engine/data/data_set.hpp"

namespace allconv {

// Entries of one folder, names sorted bytewise. Symbolic links to files count as files.
struct Listing {
  std::string folder;                // ends in '/'
  std::vector<std::string> files;    // everything that is no folder
  std::vector<std::string> folders;  // without symbolic links to folders
};

// Throws Error{io}.
Listing list_folder(const std::string& folder);

bool contains(const std::vector<std::string>& sorted_names, std::string_view name);

// By suffix, any case: jpg jpeg png webp bmp ppm pgm.
bool has_image_suffix(std::string_view name);

bool is_cifar(const Listing& listing);
DataSet open_cifar(const Listing& listing, Split split);

bool is_idx(const Listing& listing);
DataSet open_idx(const Listing& listing, Split split, OpenMode mode);

// A folder of image files, with or without class folders and splits.
DataSet open_image_folder(const Listing& listing, Split split, OpenMode mode,
                          const Diagnostics& diagnostics);

[[noreturn]] void throw_no_such_split(const std::string& where, Split split);

}  // namespace allconv
