#include "tests/simt/stand_ins/cublaslt_stand_in.hpp"

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "tests/simt/stand_ins/elements.hpp"

namespace allconv::stand_in {

namespace {

using namespace kernels::cublaslt_abi;
using kernels::Precision;

constexpr Status kInvalidValue = static_cast<Status>(7);
constexpr Status kNotSupported = static_cast<Status>(15);
constexpr Status kInternalError = static_cast<Status>(14);

// What an algorithm's first word is, so that others are refused; the second is its id.
constexpr std::uint64_t kMark = 0x5354414e44494e00;
constexpr std::uint64_t kAlgorithms = 3;

struct Object {
  // Of a product.
  std::int32_t transpose_a = kNotTransposed, transpose_b = kNotTransposed;
  std::uint32_t epilogue = kNoEpilogue;
  const void* bias = nullptr;
  // Of a matrix.
  DataType type = kFloat;
  std::uint64_t rows = 0, columns = 0;
  // Of a preference.
  std::uint64_t workspace = 0;
  std::uint32_t reduction = 0;
};

struct Matrix {
  Precision type = Precision::fp32;
  std::uint64_t rows = 0, columns = 0;
  const void* data = nullptr;
  bool transposed = false;

  std::uint64_t seen_rows() const { return transposed ? columns : rows; }
  std::uint64_t seen_columns() const { return transposed ? rows : columns; }
  // Stored column by column.
  float at(std::uint64_t row, std::uint64_t column) const {
    const std::uint64_t place = transposed ? row * rows + column : column * rows + row;
    return element(type, data, static_cast<std::int64_t>(place));
  }
};

struct Product {
  Matrix a, b, d;
  std::uint32_t epilogue = kNoEpilogue;
  const void* bias = nullptr;
  void* result = nullptr;

  void compute() const;
};

void Product::compute() const {
  for (std::uint64_t column = 0; column < d.columns; ++column) {
    for (std::uint64_t row = 0; row < d.rows; ++row) {
      double sum = 0;
      for (std::uint64_t i = 0; i < a.seen_columns(); ++i) {
        sum += double{a.at(row, i)} * double{b.at(i, column)};
      }
      if ((epilogue & kBias) != 0) {
        sum += double{element(d.type, bias, static_cast<std::int64_t>(row))};
      }
      if (epilogue == kReluBias && sum < 0) sum = 0;
      set_element(d.type, result, static_cast<std::int64_t>(column * d.rows + row),
                  static_cast<float>(sum));
    }
  }
}

struct State {
  Calls calls;
  std::map<Descriptor, std::unique_ptr<Object>> objects;
  int handles = 0;
  std::deque<Product> runs;  // graphs run them again
};

State& state() {
  static State state;
  return state;
}

struct Refused {
  Status status;
};

Object& object(Descriptor descriptor) {
  const auto found = state().objects.find(descriptor);
  if (found == state().objects.end()) throw Refused{kInvalidValue};
  return *found->second;
}

void require(bool holds, Status status = kInvalidValue) {
  if (!holds) throw Refused{status};
}

template <class Body>
Status answer(const Body& body) {
  if (state().calls.next()) return kInternalError;
  try {
    body();
    return kSuccess;
  } catch (const Refused& refused) {
    return refused.status;
  }
}

Precision precision_of(DataType type) {
  if (type == kHalf) return Precision::fp16;
  return type == kBfloat16 ? Precision::bf16 : Precision::fp32;
}

Matrix matrix(Descriptor layout, const void* data, std::int32_t transpose) {
  const Object& of = object(layout);
  return {.type = precision_of(of.type),
          .rows = of.rows,
          .columns = of.columns,
          .data = data,
          .transposed = transpose == kTransposed};
}

// The product that the descriptors say, its extents checked.
Product product_of(Descriptor descriptor, Descriptor a, Descriptor b, Descriptor d) {
  const Object& of = object(descriptor);
  const Product product{.a = matrix(a, nullptr, of.transpose_a),
                        .b = matrix(b, nullptr, of.transpose_b),
                        .d = matrix(d, nullptr, kNotTransposed),
                        .epilogue = of.epilogue,
                        .bias = of.bias};
  require(product.a.seen_rows() == product.d.rows);
  require(product.b.seen_columns() == product.d.columns);
  require(product.a.seen_columns() == product.b.seen_rows());
  require(product.a.type == product.b.type, kNotSupported);
  return product;
}

template <class Value>
void take(Value& into, const void* value, std::size_t bytes) {
  require(bytes == sizeof(Value));
  std::memcpy(&into, value, bytes);
}

Status add(Descriptor* into, const Object& of) {
  return answer([&] {
    auto made = std::make_unique<Object>(of);
    *into = made.get();
    state().objects.emplace(*into, std::move(made));
  });
}

Status drop(Descriptor descriptor) {
  return state().objects.erase(descriptor) == 1 ? kSuccess : kInvalidValue;
}

std::size_t workspace_of(const Algorithm& algorithm) { return 1024 * algorithm.data[1]; }

}  // namespace

Calls& cublaslt_calls() { return state().calls; }
int cublaslt_objects() { return static_cast<int>(state().objects.size()) + state().handles; }

}  // namespace allconv::stand_in

// The interface itself, by the names that the loader looks for.
namespace si = allconv::stand_in;
namespace abi = allconv::kernels::cublaslt_abi;

extern "C" {

std::size_t cublasLtGetVersion() { return 130100; }

const char* cublasLtGetStatusString(abi::Status status) {
  return status == abi::kSuccess ? "success" : "a status of the stand-in";
}

abi::Status cublasLtCreate(abi::Handle* handle) {
  return si::answer([&] {
    *handle = &si::state();  // nothing is looked up in it
    ++si::state().handles;
  });
}

abi::Status cublasLtDestroy(abi::Handle) {
  --si::state().handles;
  return abi::kSuccess;
}

abi::Status cublasLtMatmulDescCreate(abi::Descriptor* made, abi::ComputeType compute,
                                     abi::DataType scale) {
  if (scale != abi::kFloat ||
      (compute != abi::kCompute32F && compute != abi::kCompute32FFastTf32)) {
    return si::kNotSupported;
  }
  return si::add(made, {});
}
abi::Status cublasLtMatmulDescDestroy(abi::Descriptor descriptor) { return si::drop(descriptor); }

abi::Status cublasLtMatmulDescSetAttribute(abi::Descriptor descriptor,
                                           abi::DescriptorAttribute attribute, const void* value,
                                           std::size_t bytes) {
  return si::answer([&] {
    si::Object& of = si::object(descriptor);
    switch (attribute) {
      case abi::kTransposeA: return si::take(of.transpose_a, value, bytes);
      case abi::kTransposeB: return si::take(of.transpose_b, value, bytes);
      case abi::kEpilogue: return si::take(of.epilogue, value, bytes);
      case abi::kBiasPointer: return si::take(of.bias, value, bytes);
    }
    si::require(false);
  });
}

abi::Status cublasLtMatrixLayoutCreate(abi::Descriptor* made, abi::DataType type,
                                       std::uint64_t rows, std::uint64_t columns,
                                       std::int64_t leading) {
  if (leading != static_cast<std::int64_t>(rows)) return si::kNotSupported;
  return si::add(made, {.type = type, .rows = rows, .columns = columns});
}
abi::Status cublasLtMatrixLayoutDestroy(abi::Descriptor descriptor) { return si::drop(descriptor); }

abi::Status cublasLtMatmulPreferenceCreate(abi::Descriptor* made) { return si::add(made, {}); }
abi::Status cublasLtMatmulPreferenceDestroy(abi::Descriptor descriptor) {
  return si::drop(descriptor);
}

abi::Status cublasLtMatmulPreferenceSetAttribute(abi::Descriptor descriptor,
                                                 abi::PreferenceAttribute attribute,
                                                 const void* value, std::size_t bytes) {
  return si::answer([&] {
    si::Object& of = si::object(descriptor);
    if (attribute == abi::kMaxWorkspaceBytes) return si::take(of.workspace, value, bytes);
    si::take(of.reduction, value, bytes);
  });
}

abi::Status cublasLtMatmulAlgoGetHeuristic(abi::Handle, abi::Descriptor product, abi::Descriptor a,
                                           abi::Descriptor b, abi::Descriptor, abi::Descriptor d,
                                           abi::Descriptor preference, int most,
                                           abi::HeuristicResult* results, int* found) {
  return si::answer([&] {
    static_cast<void>(si::product_of(product, a, b, d));
    const si::Object& wishes = si::object(preference);
    si::require(wishes.reduction == abi::kComputeType);
    *found = 0;
    for (std::uint64_t id = 0; id < si::kAlgorithms && *found < most; ++id) {
      abi::HeuristicResult result;
      result.algorithm.data = {si::kMark, id};
      result.workspace_bytes = si::workspace_of(result.algorithm);
      if (result.workspace_bytes <= wishes.workspace) results[(*found)++] = result;
    }
  });
}

abi::Status cublasLtMatmulAlgoCheck(abi::Handle, abi::Descriptor product, abi::Descriptor a,
                                    abi::Descriptor b, abi::Descriptor, abi::Descriptor d,
                                    const abi::Algorithm* algorithm, abi::HeuristicResult* result) {
  return si::answer([&] {
    static_cast<void>(si::product_of(product, a, b, d));
    const bool known = algorithm->data[0] == si::kMark && algorithm->data[1] < si::kAlgorithms;
    si::require(known, si::kNotSupported);
    result->algorithm = *algorithm;
    result->workspace_bytes = si::workspace_of(*algorithm);
  });
}

abi::Status cublasLtMatmulAlgoConfigGetAttribute(const abi::Algorithm* algorithm,
                                                 abi::AlgorithmConfig attribute, void* value,
                                                 std::size_t bytes, std::size_t*) {
  return si::answer([&] {
    si::require(bytes == sizeof(std::int32_t));
    const auto id = static_cast<std::int32_t>(algorithm->data[1]);
    const std::int32_t of = attribute == abi::kAlgorithmId ? id : 1;
    std::memcpy(value, &of, sizeof(of));
  });
}

abi::Status cublasLtMatmul(abi::Handle, abi::Descriptor descriptor, const void* alpha,
                           const void* a, abi::Descriptor a_layout, const void* b,
                           abi::Descriptor b_layout, const void* beta, const void* /*c*/,
                           abi::Descriptor /*c_layout*/, void* d, abi::Descriptor d_layout,
                           const abi::Algorithm* algorithm, void* workspace,
                           std::size_t workspace_bytes, cudaStream_t stream) {
  return si::answer([&] {
    si::require(*static_cast<const float*>(alpha) == 1 && *static_cast<const float*>(beta) == 0);
    si::require(algorithm->data[0] == si::kMark, si::kNotSupported);
    si::require(workspace_bytes >= si::workspace_of(*algorithm));
    si::require(workspace_bytes == 0 || workspace != nullptr);
    si::Product product = si::product_of(descriptor, a_layout, b_layout, d_layout);
    product.a.data = a, product.b.data = b, product.result = d;
    auto& job = si::state().runs.emplace_back(product);
    const auto compute = [](void* data) { static_cast<si::Product*>(data)->compute(); };
    si::require(cudaLaunchHostFunc(stream, compute, &job) == cudaSuccess, si::kInternalError);
  });
}

}  // extern "C"

namespace allconv::stand_in {

kernels::cublaslt_abi::Functions cublaslt_functions() {
  return {.get_version = cublasLtGetVersion,
          .get_status_string = cublasLtGetStatusString,
          .create = cublasLtCreate,
          .destroy = cublasLtDestroy,
          .matmul_desc_create = cublasLtMatmulDescCreate,
          .matmul_desc_destroy = cublasLtMatmulDescDestroy,
          .matmul_desc_set_attribute = cublasLtMatmulDescSetAttribute,
          .matrix_layout_create = cublasLtMatrixLayoutCreate,
          .matrix_layout_destroy = cublasLtMatrixLayoutDestroy,
          .matmul_preference_create = cublasLtMatmulPreferenceCreate,
          .matmul_preference_destroy = cublasLtMatmulPreferenceDestroy,
          .matmul_preference_set_attribute = cublasLtMatmulPreferenceSetAttribute,
          .matmul_algo_get_heuristic = cublasLtMatmulAlgoGetHeuristic,
          .matmul_algo_check = cublasLtMatmulAlgoCheck,
          .matmul_algo_config_get_attribute = cublasLtMatmulAlgoConfigGetAttribute,
          .matmul = cublasLtMatmul};
}

}  // namespace allconv::stand_in
