#include "kernels/libraries/cublaslt.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

using namespace cublaslt_abi;

namespace {

constexpr std::size_t kWordDigits = 16;  // of an algorithm's 64-bit word, hexadecimal

// A descriptor of one of the library's kinds, given back with the object.
class Owned {
 public:
  using Destroy = Status (*)(Descriptor);
  Owned(Descriptor descriptor, Destroy destroy) : descriptor_(descriptor), destroy_(destroy) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  // A descriptor that cannot be given back is lost; nothing else depends on it.
  ~Owned() { static_cast<void>(destroy_(descriptor_)); }

  Descriptor get() const { return descriptor_; }

 private:
  Descriptor descriptor_;
  Destroy destroy_;
};

DataType data_type(Precision precision, bool is_fp32) {
  if (is_fp32) return kFloat;
  if (precision == Precision::fp16) return kHalf;
  return precision == Precision::bf16 ? kBfloat16 : kFloat;
}

Descriptor make_descriptor(const CublasLt& cublaslt, Precision precision) {
  Descriptor made = nullptr;
  const ComputeType compute = precision == Precision::tf32 ? kCompute32FFastTf32 : kCompute32F;
  cublaslt.check(cublaslt.functions().matmul_desc_create(&made, compute, kFloat),
                 "describing a product");
  return made;
}

Descriptor make_layout(const CublasLt& cublaslt, const MatrixShape& shape, Precision precision) {
  Descriptor made = nullptr;
  cublaslt.check(cublaslt.functions().matrix_layout_create(
                     &made, data_type(precision, shape.is_fp32), shape.rows, shape.columns,
                     static_cast<std::int64_t>(shape.rows)),
                 "describing a matrix");
  return made;
}

// A product and its matrices as the library knows them.
class Described {
 public:
  Described(const CublasLt& cublaslt, const MatrixProduct& product, const void* bias)
      : cublaslt_(cublaslt),
        product_(make_descriptor(cublaslt, product.precision),
                 cublaslt.functions().matmul_desc_destroy),
        a_(make_layout(cublaslt, product.a, product.precision),
           cublaslt.functions().matrix_layout_destroy),
        b_(make_layout(cublaslt, product.b, product.precision),
           cublaslt.functions().matrix_layout_destroy),
        d_(make_layout(cublaslt, product.d, product.precision),
           cublaslt.functions().matrix_layout_destroy) {
    set(kTransposeA, product.transpose_a ? kTransposed : kNotTransposed);
    set(kTransposeB, product.transpose_b ? kTransposed : kNotTransposed);
    set(kEpilogue, product.epilogue);
    if (bias != nullptr) set(kBiasPointer, bias);
  }

  Descriptor product() const { return product_.get(); }
  Descriptor a() const { return a_.get(); }
  Descriptor b() const { return b_.get(); }
  Descriptor d() const { return d_.get(); }

 private:
  template <class Value>
  void set(DescriptorAttribute attribute, const Value& value) {
    cublaslt_.check(cublaslt_.functions().matmul_desc_set_attribute(product_.get(), attribute,
                                                                    &value, sizeof(value)),
                    "describing a product");
  }

  const CublasLt& cublaslt_;
  Owned product_, a_, b_, d_;
};

// The library's handle while algorithms are looked for; null where it does not start.
class SearchHandle {
 public:
  explicit SearchHandle(const CublasLt& cublaslt) : cublaslt_(cublaslt) {
    if (cublaslt.functions().create(&handle_) != kSuccess) handle_ = nullptr;
  }
  SearchHandle(const SearchHandle&) = delete;
  SearchHandle& operator=(const SearchHandle&) = delete;
  ~SearchHandle() {
    if (handle_ != nullptr) static_cast<void>(cublaslt_.functions().destroy(handle_));
  }
  Handle get() const { return handle_; }

 private:
  const CublasLt& cublaslt_;
  Handle handle_ = nullptr;
};

Descriptor make_preference(const CublasLt& cublaslt) {
  Descriptor made = nullptr;
  cublaslt.check(cublaslt.functions().matmul_preference_create(&made), "describing a preference");
  return made;
}

// Partial sums of a product that is cut along its depth are fp32 and added in order: no atomics, no
// rounding to 16 bits.
void set_preferences(const CublasLt& cublaslt, Descriptor preference, std::size_t workspace) {
  const std::uint64_t bytes = workspace;
  const std::uint32_t reduction = kComputeType;
  const auto set = [&](PreferenceAttribute attribute, const void* value, std::size_t size) {
    cublaslt.check(
        cublaslt.functions().matmul_preference_set_attribute(preference, attribute, value, size),
        "describing a preference");
  };
  set(kMaxWorkspaceBytes, &bytes, sizeof(bytes));
  set(kReductionSchemeMask, &reduction, sizeof(reduction));
}

std::string text_of(const Algorithm& algorithm) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr int kTopShift = 60;
  std::string text;
  for (const std::uint64_t word : algorithm.data) {
    for (int shift = kTopShift; shift >= 0; shift -= 4) text += kDigits[word >> shift & 15];
  }
  return text;
}

Algorithm algorithm_of(std::string_view text) {
  constexpr int kHexadecimal = 16;
  Algorithm algorithm;
  bool is_whole = text.size() == algorithm.data.size() * kWordDigits;
  for (std::size_t i = 0; is_whole && i < algorithm.data.size(); ++i) {
    const char* const first = text.data() + i * kWordDigits;
    const auto read = std::from_chars(first, first + kWordDigits, algorithm.data[i], kHexadecimal);
    is_whole = read.ec == std::errc() && read.ptr == first + kWordDigits;
  }
  if (!is_whole) throw LibraryError("cuBLASLt: the text is no algorithm");
  return algorithm;
}

// What the algorithm needs for the product. Throws LibraryError where it does not take it.
std::size_t workspace_of(const CublasLt& cublaslt, const MatrixProduct& product,
                         const Algorithm& algorithm) {
  const SearchHandle handle(cublaslt);
  if (handle.get() == nullptr) throw LibraryError("cuBLASLt does not start");
  const Described described(cublaslt, product, nullptr);
  HeuristicResult result;
  cublaslt.check(cublaslt.functions().matmul_algo_check(handle.get(), described.product(),
                                                        described.a(), described.b(), described.d(),
                                                        described.d(), &algorithm, &result),
                 "checking an algorithm");
  cublaslt.check(result.state, "checking an algorithm");
  return result.workspace_bytes;
}

std::string label_of(const CublasLt& cublaslt, const Algorithm& algorithm) {
  const auto read = [&](AlgorithmConfig config) {
    std::int32_t value = 0;
    cublaslt.check(cublaslt.functions().matmul_algo_config_get_attribute(&algorithm, config, &value,
                                                                         sizeof(value), nullptr),
                   "reading an algorithm");
    return std::to_string(value);
  };
  return "algorithm " + read(kAlgorithmId) + ", tile " + read(kTileId) + ", split " + read(kSplitK);
}

}  // namespace

CublasLt::CublasLt(const Functions& functions, std::optional<SharedLibrary> library)
    : functions_(functions), library_(std::move(library)) {}

std::shared_ptr<const CublasLt> CublasLt::load() {
  SharedLibrary library(nvidia_library_paths("libcublasLt.so.13"));
  Functions functions;
  library.find("cublasLtGetVersion", functions.get_version);
  library.find("cublasLtGetStatusString", functions.get_status_string);
  library.find("cublasLtCreate", functions.create);
  library.find("cublasLtDestroy", functions.destroy);
  library.find("cublasLtMatmulDescCreate", functions.matmul_desc_create);
  library.find("cublasLtMatmulDescDestroy", functions.matmul_desc_destroy);
  library.find("cublasLtMatmulDescSetAttribute", functions.matmul_desc_set_attribute);
  library.find("cublasLtMatrixLayoutCreate", functions.matrix_layout_create);
  library.find("cublasLtMatrixLayoutDestroy", functions.matrix_layout_destroy);
  library.find("cublasLtMatmulPreferenceCreate", functions.matmul_preference_create);
  library.find("cublasLtMatmulPreferenceDestroy", functions.matmul_preference_destroy);
  library.find("cublasLtMatmulPreferenceSetAttribute", functions.matmul_preference_set_attribute);
  library.find("cublasLtMatmulAlgoGetHeuristic", functions.matmul_algo_get_heuristic);
  library.find("cublasLtMatmulAlgoCheck", functions.matmul_algo_check);
  library.find("cublasLtMatmulAlgoConfigGetAttribute", functions.matmul_algo_config_get_attribute);
  library.find("cublasLtMatmul", functions.matmul);
  return std::make_shared<const CublasLt>(functions, std::move(library));
}

std::string CublasLt::version() const { return nvidia_version_text(functions_.get_version()); }

void CublasLt::check(Status status, std::string_view call) const {
  if (status == kSuccess) return;
  throw LibraryError("cuBLASLt: " + std::string(call) + ": " +
                     functions_.get_status_string(status));
}

std::vector<LibraryWay> find_product_ways(const CublasLt& cublaslt, const MatrixProduct& product,
                                          const WayRequest& request) {
  constexpr std::size_t kMostWorkspace = std::size_t{32} << 20;  // as the library's maker advises
  const SearchHandle handle(cublaslt);
  if (handle.get() == nullptr) return {};
  const Described described(cublaslt, product, nullptr);
  const Owned preference(make_preference(cublaslt), cublaslt.functions().matmul_preference_destroy);
  set_preferences(cublaslt, preference.get(), std::min(kMostWorkspace, request.workspace_limit));
  std::vector<HeuristicResult> results(request.most);
  int found = 0;
  const Status answer = cublaslt.functions().matmul_algo_get_heuristic(
      handle.get(), described.product(), described.a(), described.b(), described.d(), described.d(),
      preference.get(), static_cast<int>(results.size()), results.data(), &found);
  // Of a product that no algorithm takes it says "not supported".
  if (answer != kSuccess) return {};
  results.resize(static_cast<std::size_t>(found));
  std::vector<LibraryWay> ways;
  for (const HeuristicResult& result : results) {
    if (result.state != kSuccess) continue;
    ways.push_back({.label = label_of(cublaslt, result.algorithm),
                    .plan = text_of(result.algorithm),
                    .workspace_bytes = result.workspace_bytes});
  }
  return ways;
}

CublasLtProduct::CublasLtProduct(std::shared_ptr<const CublasLt> cublaslt,
                                 const MatrixProduct& product, const LibraryWay& way)
    : cublaslt_(std::move(cublaslt)),
      product_(product),
      algorithm_(algorithm_of(way.plan)),
      workspace_bytes_(workspace_of(*cublaslt_, product_, algorithm_)) {}

void CublasLtProduct::run(const CudaContext& context, const MatrixOperands& operands) const {
  const float one = 1, zero = 0;
  const Described described(*cublaslt_, product_, operands.bias);
  cublaslt_->check(
      cublaslt_->functions().matmul(
          static_cast<Handle>(context.libraries->cublaslt()), described.product(), &one, operands.a,
          described.a(), operands.b, described.b(), &zero, operands.d, described.d(), operands.d,
          described.d(), &algorithm_, context.scratch, workspace_bytes_, context.stream),
      "running a product");
}

}  // namespace allconv::kernels
