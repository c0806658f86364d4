// Images and results in a program's own memory on a GPU. The emulated one's work is late: a copy
// reads its source, and a launch its operands, only when somebody waits for them. What no event
// orders comes out wrong sooner or later.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "allconv/allconv.h"
#include "tests/simt/machine.hpp"

namespace {

constexpr int kHeight = 8, kWidth = 6, kClasses = 5, kCount = 7;
constexpr std::int64_t kImage = std::int64_t{kHeight} * kWidth * 3;

void expect_ok(allconv_status status) { ASSERT_EQ(status, ALLCONV_OK) << allconv_last_error(); }
void expect_success(cudaError_t answer) { ASSERT_EQ(answer, cudaSuccess); }

allconv_model* make_model(const char* preparation = nullptr) {
  constexpr const char* kNetwork = R"({"name": "tiny", "input": [3, 8, 6], "layers": [
    {"op": "conv2d", "name": "first", "filters": 16, "kernel": [3, 3], "stride": [1, 1],
     "padding": [1, 1, 1, 1]}, {"op": "relu"},
    {"op": "conv2d", "name": "last", "filters": 5, "kernel": [1, 1], "stride": [1, 1],
     "padding": [0, 0, 0, 0]},
    {"op": "global_average_pool"}, {"op": "softmax"}]})";
  allconv_model_parts parts = {};
  parts.size = sizeof parts;
  parts.network = kNetwork;
  parts.preparation = preparation;
  allconv_model* model = nullptr;
  EXPECT_EQ(allconv_model_create(&parts, &model), ALLCONV_OK) << allconv_last_error();
  return model;
}

std::vector<std::uint8_t> levels(std::int64_t count) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  std::uint32_t state = 7;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24U);
  }
  return bytes;
}

// A program with a stream and memory of its own on the GPU.
template <class Element>
class GpuArray {
 public:
  explicit GpuArray(std::size_t size) : size_(size) {
    expect_success(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(Element)));
  }
  ~GpuArray() { static_cast<void>(cudaFree(data_)); }
  GpuArray(const GpuArray&) = delete;
  GpuArray& operator=(const GpuArray&) = delete;

  Element* data() const { return data_; }

  // `from` must not change before the stream has come so far.
  void upload(const std::vector<Element>& from, cudaStream_t stream) const {
    expect_success(cudaMemcpyAsync(data_, from.data(), size_ * sizeof(Element),
                                   cudaMemcpyHostToDevice, stream));
  }
  // Waits for the stream.
  std::vector<Element> download(cudaStream_t stream) const {
    std::vector<Element> to(size_);
    expect_success(
        cudaMemcpyAsync(to.data(), data_, size_ * sizeof(Element), cudaMemcpyDeviceToHost, stream));
    expect_success(cudaStreamSynchronize(stream));
    return to;
  }

 private:
  Element* data_ = nullptr;
  std::size_t size_;
};

class ProgramMemory : public testing::Test {
 protected:
  ProgramMemory() { expect_success(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~ProgramMemory() override {
    for (allconv_session* session : sessions_) allconv_session_free(session);
    for (allconv_model* model : models_) allconv_model_free(model);
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
    EXPECT_EQ(allconv::simt::take_faults(), std::vector<std::string>{});
  }

  allconv_session* session(allconv_session_options options, const char* preparation = nullptr) {
    options.size = sizeof options;
    options.batch_size = 2;
    options.threads = 1;
    options.device = options.device == nullptr ? "cuda" : options.device;
    options.deterministic = 1;
    options.stream = stream_;
    allconv_session* made = nullptr;
    models_.push_back(make_model(preparation));
    EXPECT_EQ(allconv_session_create(models_.back(), &options, &made), ALLCONV_OK)
        << allconv_last_error();
    sessions_.push_back(made);
    return made;
  }

  static std::vector<float> host_scores(allconv_session* session, const allconv_images& images) {
    std::vector<float> logits(static_cast<std::size_t>(images.count) * kClasses);
    allconv_scores scores = {};
    scores.logits = logits.data();
    expect_ok(allconv_score(session, &images, &scores));
    return logits;
  }

  // The logits, and behind them the probabilities, of images uploaded on the stream just before.
  template <class Element>
  std::vector<float> gpu_scores(allconv_session* session, const std::vector<Element>& memory,
                                allconv_images images) {
    const GpuArray<Element> uploaded(memory.size());
    const std::size_t rows = static_cast<std::size_t>(images.count) * kClasses;
    const GpuArray<float> results(2 * rows + 1);
    uploaded.upload(memory, stream_);
    images.data = uploaded.data();
    images.place = ALLCONV_CUDA;
    allconv_scores scores = {};
    scores.logits = results.data();
    scores.probabilities = results.data() + rows + 1;  // aligned to a float only
    scores.place = ALLCONV_CUDA;
    expect_ok(allconv_score(session, &images, &scores));
    std::vector<float> all = results.download(stream_);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(rows));
    return all;
  }

  cudaStream_t stream_ = nullptr;

 private:
  std::vector<allconv_model*> models_;
  std::vector<allconv_session*> sessions_;
};

std::vector<float> first_half(const std::vector<float>& values) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2)};
}

TEST_F(ProgramMemory, ScoresAreThoseOfTheCpu) {
  allconv_session_options on_cpu = {};
  on_cpu.device = "cpu";
  const auto pixels = levels(kCount * kImage);
  const allconv_images images = allconv_nhwc_u8(pixels.data(), kCount, kHeight, kWidth);
  const auto expected = host_scores(session(on_cpu), images);
  allconv_session* const gpu = session({});
  EXPECT_THAT(allconv_session_device(gpu), testing::StartsWith("cuda ("));
  const auto found = host_scores(gpu, images);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);
}

TEST_F(ProgramMemory, ImagesAreReadAndResultsWrittenThere) {
  const auto pixels = levels(kCount * kImage);
  for (const char* precision : {"fp32", "fp16"}) {
    allconv_session_options options = {};
    options.precision = precision;
    allconv_session* const gpu = session(options);
    const auto rows = allconv_nhwc_u8(pixels.data(), kCount, kHeight, kWidth);
    const auto planes = allconv_nchw_u8(pixels.data(), kCount, kHeight, kWidth);
    for (const allconv_images& images : {rows, planes, rows}) {
      const auto found = gpu_scores(gpu, pixels, images);
      EXPECT_EQ(first_half(found), host_scores(gpu, images)) << precision;
      double sum = 0;
      for (std::size_t i = 0; i < kClasses; ++i) sum += found[found.size() / 2 + i];
      EXPECT_NEAR(sum, 1, 1e-5);
    }
  }
}

TEST_F(ProgramMemory, TheNetworksInputIsReadThere) {
  std::vector<float> values;
  for (const std::uint8_t level : levels(kCount * kImage)) values.push_back(level / 64.0F - 2);
  allconv_session_options options = {};
  options.element = ALLCONV_F32;
  allconv_session* const gpu = session(options);
  const auto rows = allconv_nhwc_f32(values.data(), kCount, kHeight, kWidth);
  const auto planes = allconv_nchw_f32(values.data(), kCount, kHeight, kWidth);
  for (const allconv_images& images : {rows, planes}) {
    EXPECT_EQ(first_half(gpu_scores(gpu, values, images)), host_scores(gpu, images));
  }
}

// By way of the host: other sizes, upside down, and a preparation beyond colours.
TEST_F(ProgramMemory, OtherImagesAreFetched) {
  const auto pixels = levels(kCount * 12 * 10 * 3);
  allconv_session* const plain = session({});
  const auto larger = allconv_nhwc_u8(pixels.data(), kCount, 12, 10);
  EXPECT_EQ(first_half(gpu_scores(plain, pixels, larger)), host_scores(plain, larger));

  allconv_session* const contrast =
      session({}, R"({"resize": [8, 6], "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
             "gcn": {"scale": 55, "epsilon": 1e-8}, "zca": false})");
  const auto rows = allconv_nchw_u8(pixels.data(), kCount, kHeight, kWidth);
  EXPECT_EQ(first_half(gpu_scores(contrast, pixels, rows)), host_scores(contrast, rows));
}

// Each call's results are fetched at the end: slots are taken again while their batches are late.
// Images come in turns from the GPU and from the host, whose copies are late too.
TEST_F(ProgramMemory, CallsFollowEachOtherWithoutWaiting) {
  constexpr std::size_t kCalls = 12;
  allconv_session* const gpu = session({});
  const auto pixels = levels(static_cast<std::int64_t>(kCalls) * 2 * kImage);
  const GpuArray<std::uint8_t> uploaded(pixels.size());
  const GpuArray<float> results(kCalls * 2 * kClasses);
  uploaded.upload(pixels, stream_);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const bool there = i % 4 == 0;
    const std::uint8_t* const first = there ? uploaded.data() : pixels.data();
    auto images = allconv_nhwc_u8(first + i * 2 * kImage, 2, kHeight, kWidth);
    images.place = there ? ALLCONV_CUDA : ALLCONV_HOST;
    allconv_scores scores = {};
    scores.logits = results.data() + i * 2 * kClasses;
    scores.place = ALLCONV_CUDA;
    expect_ok(allconv_score(gpu, &images, &scores));
  }
  const auto found = results.download(stream_);
  EXPECT_EQ(found, host_scores(gpu, allconv_nhwc_u8(pixels.data(), 2 * kCalls, kHeight, kWidth)));
}

TEST_F(ProgramMemory, ExplanationsAreWrittenThere) {
  allconv_session_options options = {};
  options.purposes = ALLCONV_FOR_GUIDED;
  allconv_session* const gpu = session(options);
  const auto pixels = levels(3 * kImage);
  const GpuArray<std::uint8_t> uploaded(pixels.size());
  const GpuArray<float> maps(3 * kImage), inputs(3 * kImage);
  uploaded.upload(pixels, stream_);
  auto images = allconv_nhwc_u8(uploaded.data(), 3, kHeight, kWidth);
  images.place = ALLCONV_CUDA;
  allconv_explanations explanations = {};
  explanations.maps = maps.data();
  explanations.inputs = inputs.data();
  explanations.place = ALLCONV_CUDA;
  expect_ok(allconv_explain(gpu, &images, nullptr, ALLCONV_GUIDED, &explanations));

  std::vector<float> host_maps(3 * kImage), host_inputs(3 * kImage);
  images = allconv_nhwc_u8(pixels.data(), 3, kHeight, kWidth);
  explanations = {};
  explanations.maps = host_maps.data();
  explanations.inputs = host_inputs.data();
  expect_ok(allconv_explain(gpu, &images, nullptr, ALLCONV_GUIDED, &explanations));
  EXPECT_EQ(maps.download(stream_), host_maps);
  EXPECT_EQ(inputs.download(stream_), host_inputs);
}

TEST_F(ProgramMemory, TrainsOnImagesThatLieThere) {
  const auto pixels = levels(2 * kImage);
  const std::int32_t labels[] = {1, 4};
  const allconv_sgd sgd = {0.1, 0.9, 0.001};
  allconv_session_options options = {};
  options.purposes = ALLCONV_FOR_SCORES | ALLCONV_FOR_TRAINING;
  allconv_session* const on_host = session(options);
  allconv_session* const on_gpu = session(options);
  const GpuArray<std::uint8_t> uploaded(pixels.size());
  uploaded.upload(pixels, stream_);
  const auto here = allconv_nhwc_u8(pixels.data(), 2, kHeight, kWidth);
  auto there = allconv_nhwc_u8(uploaded.data(), 2, kHeight, kWidth);
  there.place = ALLCONV_CUDA;
  for (int i = 0; i < 3; ++i) {
    allconv_step host_step = {}, gpu_step = {};
    expect_ok(allconv_train_step(on_host, &here, labels, &sgd, &host_step));
    expect_ok(allconv_train_step(on_gpu, &there, labels, &sgd, &gpu_step));
    EXPECT_EQ(gpu_step.loss, host_step.loss);
  }
  EXPECT_EQ(host_scores(on_gpu, here), host_scores(on_host, here));
}

TEST_F(ProgramMemory, IsRefusedByASessionOnTheCpu) {
  allconv_session_options options = {};
  options.device = "cpu";
  allconv_session* const cpu = session(options);
  const auto pixels = levels(kImage);
  auto images = allconv_nhwc_u8(pixels.data(), 1, kHeight, kWidth);
  images.place = ALLCONV_CUDA;
  allconv_scores scores = {};
  EXPECT_EQ(allconv_score(cpu, &images, &scores), ALLCONV_USAGE);
  EXPECT_THAT(allconv_last_error(), testing::HasSubstr("images: place: is a GPU's"));
  images.place = ALLCONV_HOST;
  scores.place = ALLCONV_CUDA;
  EXPECT_EQ(allconv_score(cpu, &images, &scores), ALLCONV_USAGE);
  EXPECT_THAT(allconv_last_error(), testing::HasSubstr("scores: place"));
}

// A program's allocator of device memory, which counts.
struct GpuMemory {
  std::size_t held = 0, most = 0;

  allconv_allocator allocator() {
    return {[](void* user, size_t bytes, size_t, allconv_place place) -> void* {
              if (place == ALLCONV_HOST) return std::aligned_alloc(64, bytes);
              auto& self = *static_cast<GpuMemory*>(user);
              void* memory = nullptr;
              if (cudaMalloc(&memory, bytes) != cudaSuccess) return nullptr;
              self.held += bytes;
              self.most = std::max(self.most, self.held);
              return memory;
            },
            [](void* user, void* memory, size_t bytes, allconv_place place) {
              if (place == ALLCONV_HOST) return std::free(memory);
              static_cast<GpuMemory*>(user)->held -= bytes;
              static_cast<void>(cudaFree(memory));
            },
            this};
  }
};

TEST_F(ProgramMemory, IsAskedForAsManyBytesAsWereTold) {
  GpuMemory memory;
  allconv_session_options options = {};
  options.size = sizeof options;
  options.device = "cuda";
  options.deterministic = 1;
  options.batch_size = 2;
  options.allocator = memory.allocator();
  allconv_model* const model = make_model();
  allconv_memory told = {};
  expect_ok(allconv_session_memory(model, &options, &told));
  allconv_session* made = nullptr;
  expect_ok(allconv_session_create(model, &options, &made));
  const auto pixels = levels(2 * kImage);
  host_scores(made, allconv_nhwc_u8(pixels.data(), 2, kHeight, kWidth));
  allconv_session_free(made);
  allconv_model_free(model);
  EXPECT_EQ(memory.most, told.device);
  EXPECT_EQ(memory.held, 0U);
}

}  // namespace
