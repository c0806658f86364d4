#include "engine/explain/explanation_files.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "engine/data/encode_png.hpp"
#include "engine/data/load.hpp"
#include "engine/explain/attribution_picture.hpp"
#include "engine/explain/file_name.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kAnyBytes = SIZE_MAX;
constexpr std::size_t kDecodedBytes = std::size_t{192} << 20;
constexpr std::size_t kWaitingBytes = std::size_t{64} << 20;  // of files and maps
constexpr std::size_t kWaitingImages = 64;
constexpr std::size_t kPageBytes = std::size_t{24} << 20;  // of strips
constexpr int kDigits = 6;                                 // of the index in names of files

std::string no_memory() { return "no memory"; }  // short: needs none itself

}  // namespace

struct ExplanationFiles::Waiting {
  ExplanationRecord record;
  std::vector<std::vector<float>> maps;  // (h,w,3) each
  ReadResult original;
  std::string strip;  // PNG, not enlarged
};

ExplanationFiles::ExplanationFiles(const std::string& folder, ExplanationSubject subject,
                                   const DataSet* originals, ThreadPool& pool,
                                   const ExplanationFileOptions& options)
    : folder_(folder),
      subject_(std::move(subject)),
      originals_(originals),
      pool_(pool),
      options_(options),
      files_(kAnyBytes),
      decoded_(kDecodedBytes),
      overlays_(kDecodedBytes),
      json_(folder + "/explanations.json") {
  counts_.zero_maps.resize(subject_.methods.size());
  json_.write(explanations_head(subject_));
}

ExplanationFiles::~ExplanationFiles() = default;

void ExplanationFiles::add(const Explanation& explanation) {
  Waiting waiting;
  ExplanationRecord& record = waiting.record;
  record.index = explanation.index;
  record.path = explanation.path;
  record.failure = explanation.failure;
  record.unit = explanation.unit;
  record.predicted = explanation.predicted;
  record.probability = explanation.probability;
  ++counts_.images;
  counts_.failed += record.failure ? 1 : 0;
  for (std::size_t i = 0; i < explanation.attributions.size(); ++i) {
    const Attribution& attribution = explanation.attributions[i];
    record.maps.push_back(map_record(attribution.name, attribution.map));
    counts_.zero_maps.at(i) += record.maps.back().all_zero ? 1 : 0;
  }
  if (options_.pictures && !record.failure) {
    for (const Attribution& attribution : explanation.attributions) {
      waiting.maps.emplace_back(attribution.map.begin(), attribution.map.end());
      waiting_bytes_ += attribution.map.size_bytes();
    }
    // Its strip will wait too: two rows of pictures, as a PNG no larger than their pixels.
    waiting_bytes_ += 2 * (waiting.maps.size() + 1) * subject_.target.bytes();
    read_original(waiting);
  }
  waiting_.push_back(std::move(waiting));
  if (waiting_.size() >= kWaitingImages || waiting_bytes_ >= kWaitingBytes) write_waiting();
}

// The data were opened twice, and may have become others in between.
void ExplanationFiles::read_original(Waiting& waiting) {
  const ExplanationRecord& record = waiting.record;
  if (record.index >= originals_->size() || originals_->path(record.index) != record.path) {
    waiting.original =
        ImageError{ImageError::Stage::open, "the data have changed since they were opened"};
    return;
  }
  waiting.original = originals_->read(record.index, files_);
  if (const auto* encoded = std::get_if<EncodedImage>(&waiting.original))
    waiting_bytes_ += encoded->bytes.size();
}

// On any thread: touches nothing but `waiting` and the folder.
void ExplanationFiles::draw(Waiting& waiting) {
  ExplanationRecord& record = waiting.record;
  if (const auto* error = std::get_if<ImageError>(&waiting.original)) {
    record.picture_error = error->message;
    return;
  }
  const LoadOptions load = {.target = subject_.target, .pixel_limit = options_.pixel_limit};
  ImageResult decoded = originals_->decode(record.index, std::get<EncodedImage>(waiting.original),
                                           decode_options(load, &decoded_));
  if (const auto* error = std::get_if<ImageError>(&decoded)) {
    record.picture_error = error->message;
    return;
  }
  const Image& original = std::get<Image>(decoded);
  const std::string name = numbered_name(record.index, kDigits, stem_of(record.path));
  const ImageTarget& target = subject_.target;
  std::vector<std::uint8_t> pixels(target.bytes());
  resize_image(original, target, pixels);
  std::vector<MapView> maps;
  for (const auto& map : waiting.maps) maps.push_back({target.height, target.width, map});
  const Image strip = strip_picture(pixels, maps);
  if (!page_full_) waiting.strip = encode_png(strip);
  const int zoom = display_zoom(target.height, target.width);
  write_file_atomically(folder_ + "/" + name + ".png", encode_png(enlarged(strip, zoom)));
  record.strip = name + ".png";

  // The pixels and, at worst, as many bytes of PNG.
  const auto held = overlays_.take(2 * original.pixels.size());
  for (std::size_t i = 0; i < waiting.maps.size(); ++i) {
    const std::string file = fmt::format("{}.{}.png", name, record.maps[i].method);
    const Image overlay = overlay_picture(original, target, channel_sum(waiting.maps[i]));
    write_file_atomically(folder_ + "/" + file, encode_png(overlay));
    record.maps[i].overlay = file;
  }
}

void ExplanationFiles::write_waiting() {
  pool_.parallel_for(static_cast<int>(waiting_.size()), [this](int index, int) {
    Waiting& waiting = waiting_[static_cast<std::size_t>(index)];
    if (waiting.maps.empty()) return;
    try {
      draw(waiting);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::internal) throw;
      waiting.record.picture_error = error.what();  // larger than a PNG file may be
    } catch (const std::exception&) {               // bad_alloc, or length_error before that
      waiting.record.picture_error = no_memory();
    }
  });
  for (Waiting& waiting : waiting_) {
    json_.write((records_++ == 0 ? "" : ",\n") + record_json(subject_, waiting.record));
    counts_.without_pictures += waiting.record.picture_error.empty() ? 0 : 1;
    keep_for_page(waiting);
  }
  waiting_.clear();
  waiting_bytes_ = 0;
}

// The first ones, without a gap: what is left out is the rest.
void ExplanationFiles::keep_for_page(Waiting& waiting) {
  if (!options_.pictures || waiting.record.failure) return;
  page_full_ = page_full_ || page_.size() >= options_.page_images ||
               page_bytes_ + waiting.strip.size() > kPageBytes;
  if (page_full_) return;
  page_bytes_ += waiting.strip.size();
  page_.push_back({std::move(waiting.record), std::move(waiting.strip)});
}

void ExplanationFiles::finish() {
  write_waiting();
  json_.write(kExplanationsTail);
  json_.commit();
  if (options_.pictures)
    write_file_atomically(folder_ + "/index.html", explanation_page(subject_, page_, counts_));
}

}  // namespace allconv
