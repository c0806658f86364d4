// What open_data() chooses among: one function a kind of set. Each returns a set with the split
// asked for and throws as open_data() says.
#pragma once

#include <optional>

#include "engine/data/data_set.hpp"

namespace allconv {

// What may be files of many images in one folder, names sorted bytewise. Symbolic links to files
// count as files.
struct Listing {
  std::string folder;              // ends in '/'
  std::vector<std::string> files;  // all but folders and single images, of which there may be many
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

// A folder of image files, with or without class folders and splits. `root` ends in '/'.
DataSet open_image_folder(const std::string& root, Split split, OpenMode mode,
                          const Diagnostics& diagnostics);

// The same in a tar archive, plain or compressed by gzip, xz or zstd.
DataSet open_tar(const std::string& path, Split split, OpenMode mode,
                 const Diagnostics& diagnostics, const std::function<bool()>& cancelled);

// A text file with one image a line: "path" or "path<TAB>label". It has no splits.
DataSet open_list(const std::string& path, OpenMode mode);

// What a set leaves out without an error.
struct Skipped {
  std::size_t others = 0;  // files that are no images by their suffix
  std::size_t links = 0;   // symbolic links to folders
};

// As one note, if there is anything.
void report_skipped(const Skipped& skipped, const std::string& where,
                    const Diagnostics& diagnostics);

[[noreturn]] void throw_no_such_split(const std::string& where, Split split);

}  // namespace allconv
