#include "engine/formats/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they stand");

constexpr std::int64_t kLengthBytes = 8;               // of the header's length
constexpr std::int64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::int64_t kMaxDataBytes = std::int64_t{1} << 40;
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr JsonLimits kHeaderLimits = {.bytes = kMaxHeaderBytes, .depth = 16, .elements = 1 << 20};

struct Dtype {
  std::string_view name;
  int bits;  // an element
};

constexpr Dtype kDtypes[] = {{"F64", 64},    {"I64", 64}, {"U64", 64},    {"C64", 64},
                             {"F32", 32},    {"I32", 32}, {"U32", 32},    {"F16", 16},
                             {"BF16", 16},   {"I16", 16}, {"U16", 16},    {"BOOL", 8},
                             {"I8", 8},      {"U8", 8},   {"F8_E4M3", 8}, {"F8_E5M2", 8},
                             {"F8_E8M0", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}};

// Bits of an element; 0 for an unknown type.
int bits_of(std::string_view dtype) {
  const auto* const found = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                         [&](const Dtype& known) { return known.name == dtype; });
  return found == std::end(kDtypes) ? 0 : found->bits;
}

[[noreturn]] void refuse(const std::string& path, std::string_view what) {
  throw Error(ErrorKind::model, what, path, "give a whole safetensors file");
}

// The bytes of a tensor; nullopt when they are beyond every file or not a whole number.
std::optional<std::int64_t> tensor_bytes(const std::vector<std::int64_t>& shape, int bits) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t total = bits;
  for (const std::int64_t extent : shape) {
    if (extent > 8 * kMaxDataBytes / total) return std::nullopt;
    total *= extent;
  }
  if (total % 8 != 0) return std::nullopt;
  return total / 8;
}

TensorInfo parse_tensor(const std::string& name, const JsonValue& value) {
  TensorInfo tensor;
  tensor.name = name;
  tensor.dtype = value.at("dtype").string();
  const int bits = bits_of(tensor.dtype);
  if (bits == 0) value.at("dtype").refuse("not a type of safetensors", "store it as F32");
  for (const JsonValue& extent : value.at("shape").elements())
    tensor.shape.push_back(extent.integer(0, kMaxDataBytes));
  const auto offsets = value.at("data_offsets").elements_exactly(2);
  tensor.begin = offsets[0].integer(0, kMaxDataBytes);
  tensor.end = offsets[1].integer(tensor.begin, kMaxDataBytes);
  const auto bytes = tensor_bytes(tensor.shape, bits);
  if (!bytes || *bytes != tensor.end - tensor.begin) {
    value.refuse(fmt::format("its shape does not fit its {} bytes", tensor.end - tensor.begin),
                 "give a whole safetensors file");
  }
  return tensor;
}

}  // namespace

SafetensorsReader::SafetensorsReader(const std::string& path) : file_(path) {
  std::uint64_t length = 0;
  static_assert(sizeof(length) == kLengthBytes);
  if (file_.size() < kLengthBytes) refuse(path, "the file is too short for a header");
  file_.read_at(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > kMaxHeaderBytes) refuse(path, fmt::format("the header would have {} bytes", length));
  const auto header_bytes = static_cast<std::int64_t>(length);
  if (header_bytes > file_.size() - kLengthBytes)
    refuse(path, "the header reaches beyond the end of the file");
  data_begin_ = kLengthBytes + header_bytes;

  std::string header(static_cast<std::size_t>(header_bytes), '\0');
  file_.read_at(kLengthBytes, std::as_writable_bytes(std::span(header)));
  if (!header.starts_with('{')) refuse(path, "the header does not begin with {");
  parse_header(header);
  check_places();
}

void SafetensorsReader::parse_header(std::string_view header) {
  const JsonSource source = {ErrorKind::model, path() + ": header"};
  const nlohmann::json parsed = parse_json(header, source, kHeaderLimits);
  const JsonValue value(parsed, source);
  for (const std::string& key : value.keys()) {
    if (key != kMetadataKey) {
      tensors_.push_back(parse_tensor(key, value.at(key)));
      continue;
    }
    const JsonValue metadata = value.at(key);
    for (const std::string& name : metadata.keys()) metadata_[name] = metadata.at(name).string();
  }
  std::sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  for (std::size_t i = 0; i < tensors_.size(); ++i) index_[tensors_[i].name] = i;
}

void SafetensorsReader::check_places() const {
  std::int64_t end = 0;
  for (const TensorInfo& tensor : tensors_) {
    if (tensor.begin != end) {
      refuse(path(), fmt::format("tensor {} at byte {} {}", tensor.name, tensor.begin,
                                 tensor.begin < end ? "overlaps another" : "follows a hole"));
    }
    end = tensor.end;
  }
  if (end != data_bytes()) {
    refuse(path(),
           fmt::format("the tensors have {} bytes, but {} follow the header", end, data_bytes()));
  }
}

const TensorInfo* SafetensorsReader::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

void SafetensorsReader::read(const TensorInfo& tensor, std::span<std::byte> bytes) const {
  file_.read_at(data_begin_ + tensor.begin, bytes);
}

std::string safetensors_header(const std::vector<std::pair<std::string, std::string>>& metadata,
                               const std::vector<TensorInfo>& tensors, const std::string& path) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    // Made before it is put there: a null that becomes an object by use does not survive a failing
    // allocation.
    auto& entries = header[std::string(kMetadataKey)] = nlohmann::ordered_json::object();
    for (const auto& [key, value] : metadata) entries[key] = value;
  }
  for (const TensorInfo& tensor : tensors) {
    if (header.contains(tensor.name))
      throw Error(ErrorKind::internal, "two tensors have the name " + tensor.name, path);
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {tensor.begin, tensor.end}}};
  }
  // Names come from outside: what is not UTF-8 in them becomes U+FFFD.
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  if (text.size() > kMaxHeaderBytes) {
    throw Error(ErrorKind::io, fmt::format("its header would have {} bytes", text.size()), path,
                "write fewer tensors or less metadata");
  }
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text;
}

void write_safetensors(const std::string& path,
                       const std::vector<std::pair<std::string, std::string>>& metadata,
                       std::vector<TensorSource> tensors) {
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const TensorSource& a, const TensorSource& b) {
                     return bits_of(a.dtype) > bits_of(b.dtype);
                   });
  std::vector<TensorInfo> places;
  std::int64_t end = 0;
  for (const TensorSource& tensor : tensors) {
    const std::int64_t begin = end;
    end += static_cast<std::int64_t>(tensor.data.size());
    places.push_back({tensor.name, tensor.dtype, tensor.shape, begin, end});
  }
  const std::string header = safetensors_header(metadata, places, path);

  AtomicFile file(path);
  file.write(header);
  for (const TensorSource& tensor : tensors) file.write(tensor.data);
  file.commit();
}

}  // namespace allconv
