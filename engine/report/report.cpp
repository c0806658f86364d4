#include "engine/report/report.hpp"

#include "engine/data/encode_png.hpp"
#include "engine/report/page.hpp"
#include "engine/support/atomic_file.hpp"

namespace allconv {

namespace {

// The picture's bytes after they are written; nothing where there is no picture.
std::string save_picture(const Image* image, const std::string& path) {
  if (image == nullptr) {
    remove_file(path);
    return {};
  }
  std::string png = encode_png(*image);
  write_file_atomically(path, png);
  return png;
}

}  // namespace

void write_report(const ReportContent& content, const std::string& folder) {
  const auto path = [&folder](const char* name) { return folder + "/" + name; };
  const Parameters& parameters = content.newest.checkpoint.model.parameters;
  const auto filters = parameters.empty() ? std::nullopt : filter_tiles(parameters.front());
  std::optional<Image> confusion;
  const Image* mistakes = nullptr;
  if (content.evaluation) {
    confusion = confusion_picture(content.evaluation->result.confusion);
    if (content.evaluation->sheet) mistakes = &content.evaluation->sheet->image;
  }
  PagePictures pictures;
  pictures.filters = save_picture(filters ? &*filters : nullptr, path("filters.png"));
  pictures.confusion = save_picture(confusion ? &*confusion : nullptr, path("confusion.png"));
  pictures.mistakes = save_picture(mistakes, path("mistakes.png"));
  write_file_atomically(path("index.html"), report_page(content, pictures));
}

}  // namespace allconv
