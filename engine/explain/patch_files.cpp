#include "engine/explain/patch_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/data/encode_png.hpp"
#include "engine/explain/file_name.hpp"
#include "engine/explain/patch_grid.hpp"
#include "engine/explain/patch_images.hpp"
#include "engine/explain/path_json.hpp"
#include "engine/graph/unit.hpp"
#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

constexpr std::size_t kFiltersAPicture = 32;
constexpr std::size_t kPictureBytes = std::size_t{256} << 20;     // of the images behind one
constexpr std::size_t kDrawnPatchBytes = std::size_t{128} << 10;  // enlarged, with its map
constexpr std::size_t kFiltersOnPage = 512;

constexpr const char* kPageStyle = R"(.filter { margin: 0 0 14px; }
.filter figcaption { font-weight: 400; font-size: 13px; }
)";

class PatchFiles {
 public:
  PatchFiles(const Model& model, const DataSet& data, const StrongestPatches& patches,
             const PatchFilesOptions& options, ThreadPool& pool)
      : model_(model),
        data_(data),
        patches_(patches),
        options_(options),
        pool_(pool),
        end_(options.last_filter < patches.filters.size() ? options.last_filter + 1
                                                          : patches.filters.size()) {}

  void write() {
    AttributionPass pass(model_,
                         {.methods = {ReluRule::guided},
                          .layer = activation_layer(model_.network, options_.layer),
                          .batch_size = options_.batches.batch_size,
                          .plan = options_.batches.plan},
                         pool_);
    const std::size_t at_once = filters_a_picture();
    for (std::size_t first = options_.first_filter; first < end_; first += at_once) {
      if (options_.cancelled && options_.cancelled())
        throw Error(ErrorKind::interrupted, "writing patches was interrupted");
      write_filters(first, std::min(end_, first + at_once), pass);
      if (options_.progress) options_.progress(std::min(end_, first + at_once));
    }
    write_file_atomically(path("patches.json"), json().dump(1) + "\n");
    write_file_atomically(path("index.html"), page());
  }

 private:
  const std::string& layer_name() const {
    return std::get<Conv2dLayer>(model_.network.layers[options_.layer]).name;
  }
  // Layers whose names are no names of files are told apart by their numbers among the
  // convolutions, from 1.
  std::string file_stem() const {
    const std::string& name = layer_name();
    if (safe_name(name) == name) return name;
    const auto first = model_.network.layers.begin();
    const auto number = std::count_if(
        first, first + static_cast<std::ptrdiff_t>(options_.layer) + 1,
        [](const Layer& layer) { return std::holds_alternative<Conv2dLayer>(layer); });
    return numbered_name(static_cast<std::size_t>(number), 2, name);
  }
  std::string path(const std::string& name) const { return options_.folder + "/" + name; }

  // As many as their patches, and the images behind them, leave memory for.
  std::size_t filters_a_picture() const {
    std::size_t most = 1;
    for (const auto& filter : patches_.filters) most = std::max(most, filter.size());
    const auto values = static_cast<std::size_t>(model_.network.input.size());
    const std::size_t patch = values * (1 + sizeof(float)) + kDrawnPatchBytes;
    return std::clamp<std::size_t>(kPictureBytes / (most * patch), 1, kFiltersAPicture);
  }

  std::vector<ExplainedPatch> patches_of(std::size_t first, std::size_t last) const {
    std::vector<ExplainedPatch> explained;
    for (std::size_t filter = first; filter < last; ++filter) {
      for (const Patch& patch : patches_.filters[filter])
        explained.push_back({.patch = patch, .filter = static_cast<int>(filter), .map = {}});
    }
    return explained;
  }

  ReceptiveField field_of(const Patch& patch) const {
    return receptive_field(model_.network, options_.layer, patch.row, patch.column);
  }

  // What is drawn of an axis of a receptive field: at most an image's extent beyond the image on
  // either side, where deep networks see yet more of the padding.
  struct Drawn {
    int first = 0, count = 0;
  };
  static Drawn drawn(std::int64_t first, std::int64_t count, int extent) {
    const std::int64_t begin = std::clamp<std::int64_t>(first, -extent, 2 * std::int64_t{extent});
    const std::int64_t end = std::clamp<std::int64_t>(
        first + count, begin + 1, std::max(begin + 1, 2 * std::int64_t{extent}));
    return {.first = static_cast<int>(begin), .count = static_cast<int>(end - begin)};
  }

  PatchCell cell_of(const ExplainedPatch& patch, const LoadedImage& image) const {
    const ReceptiveField field = field_of(patch.patch);
    const Shape& input = model_.network.input;
    const Drawn rows = drawn(field.row, field.height, input.height);
    const Drawn columns = drawn(field.column, field.width, input.width);
    return {.row = rows.first,
            .column = columns.first,
            .rows = rows.count,
            .columns = columns.count,
            .height = image.ok() ? input.height : 0,
            .width = image.ok() ? input.width : 0,
            .pixels = image.pixels.span(),
            .map = patch.map};
  }

  void write_filters(std::size_t first, std::size_t last, AttributionPass& pass) {
    std::vector<ExplainedPatch> explained = patches_of(first, last);
    if (explained.empty()) return;
    std::vector<std::size_t> indices;
    for (const ExplainedPatch& patch : explained) indices.push_back(patch.patch.image);
    const LoadedImages images =
        load_images(data_, indices, load_options(model_.prepare, options_.batches), pool_);
    explain_patches(explained, images, pass, options_.batches.batch_size);
    std::vector<std::vector<PatchCell>> rows(last - first);
    for (const ExplainedPatch& patch : explained) {
      rows[static_cast<std::size_t>(patch.filter) - first].push_back(
          cell_of(patch, images.at(patch.patch.image)));
    }
    const std::string name = fmt::format("{}-filters-{}-{}.png", file_stem(), first, last - 1);
    write_file_atomically(path(name), encode_png(patch_grid(rows)));
    pictures_.push_back(name);
    add_figures(first, rows);
  }

  // A figure a filter, which the page embeds.
  void add_figures(std::size_t first, const std::vector<std::vector<PatchCell>>& rows) {
    std::vector<std::string> figures(rows.size());
    pool_.parallel_for(static_cast<int>(rows.size()), [&](int task, int) {
      const auto i = static_cast<std::size_t>(task);
      if (rows[i].empty() || first + i >= options_.first_filter + kFiltersOnPage) return;
      const auto& filter = patches_.filters[first + i];
      figures[i] = fmt::format(
          "<figure class=\"filter\" id=\"filter-{0}\"><figcaption>filter {0}: {1:.4g} to "
          "{2:.4g}</figcaption>\n<img alt=\"patches of filter {0}\" src=\"{3}\"></figure>\n",
          first + i, filter.front().value, filter.back().value,
          png_uri(encode_png(patch_grid({rows[i]}))));
    });
    for (const std::string& figure : figures) figures_ += figure;
  }

  nlohmann::ordered_json json() const {
    nlohmann::ordered_json json;
    json["model"] = to_utf8(options_.model);
    json["network"] = to_utf8(model_.network.name);
    json["device"] = to_utf8(options_.device);
    json["precision"] = kernels::to_string(precision_of(options_.batches.plan));
    json["layer"] = to_utf8(layer_name());
    json["images"] = patches_.images;
    json["failed"] = patches_.failed;
    json["pictures"] = pictures_;
    json["filters"] = nlohmann::ordered_json::array();
    for (std::size_t filter = options_.first_filter; filter < end_; ++filter) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const Patch& patch : patches_.filters[filter]) {
        const ReceptiveField field = field_of(patch);
        nlohmann::ordered_json& object = list.emplace_back(nlohmann::ordered_json::object());
        add_path(object, data_.path(patch.image));
        object["index"] = patch.image;
        object["value"] = patch.value;
        object["row"] = patch.row;
        object["column"] = patch.column;
        object["receptive_field"] = {field.row, field.column, field.height, field.width};
      }
      json["filters"].push_back({{"filter", filter}, {"patches", std::move(list)}});
    }
    return json;
  }

  std::string page() const {
    const std::string title =
        escaped(fmt::format("Strongest patches of {} in {}", layer_name(), model_.network.name));
    const ReceptiveField field = field_of({});
    std::string words = fmt::format(
        "{} images, model <code>{}</code>, {}. A filter's patches, {} x {} pixels, strongest "
        "first, at most one an image; below each what guided backpropagation makes of the unit "
        "that it excites, scaled to its own range round grey. Pixels beyond an image are grey. "
        "Numbers are what the unit was. All are in <a href=\"patches.json\">patches.json</a>.",
        patches_.images - patches_.failed, escaped(options_.model), escaped(options_.device),
        field.height, field.width);
    if (end_ - options_.first_filter > kFiltersOnPage) {
      words += fmt::format(
          " The page shows the first {} filters of {}; the pictures beside it "
          "show all.",
          kFiltersOnPage, end_ - options_.first_filter);
    }
    return html_document({.title = title,
                          .words = words,
                          .style = kPageStyle,
                          .script = {},
                          .body = page_section("filters", "Filters", "", figures_)});
  }

  const Model& model_;
  const DataSet& data_;
  const StrongestPatches& patches_;
  const PatchFilesOptions& options_;
  ThreadPool& pool_;
  const std::size_t end_;  // behind the last filter
  std::vector<std::string> pictures_;
  std::string figures_;
};

}  // namespace

void write_patch_files(const Model& model, const DataSet& data, const StrongestPatches& patches,
                       const PatchFilesOptions& options, ThreadPool& pool) {
  PatchFiles(model, data, patches, options, pool).write();
}

}  // namespace allconv
