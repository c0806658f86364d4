// Serves requests from eight threads: one model, one session a thread. The requests are the
// pictures of a folder, asked for again and again; the program tells how many it answered in a
// second.
//
//     serve MODEL FOLDER [REQUESTS]
#include <allconv/images.hpp>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace {

constexpr std::size_t kThreads = 8;

// Takes requests until there are none left. A session of one thread and one image: many requests
// at a time are the parallelism.
void answer(const allconv::Model& model, const allconv::ImageBatch& pictures,
            std::atomic<std::int64_t>& left, std::exception_ptr& failure) {
  try {
    allconv::Session session(model, {.batch_size = 1, .threads = 1});
    const std::int64_t image_bytes = pictures.height * pictures.width * 3;
    for (std::int64_t request = --left; request >= 0; request = --left) {
      const std::uint8_t* const pixels =
          pictures.pixels.data() + request % pictures.count * image_bytes;
      session.score(allconv::nhwc(pixels, 1, pictures.height, pictures.width));
    }
  } catch (...) {
    failure = std::current_exception();
  }
}

void serve(const char* model_path, const char* folder, std::int64_t requests) {
  const allconv::Model model = allconv::Model::load(model_path);
  allconv::ImageSet set(folder, model);
  const allconv::ImageBatch pictures = set.read(0, std::min<std::size_t>(set.size(), 100));
  std::atomic<std::int64_t> left{requests};
  std::array<std::exception_ptr, kThreads> failures;
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (std::exception_ptr& failure : failures) {
    threads.emplace_back([&] { answer(model, pictures, left, failure); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%lld requests by %zu threads: %.0f a second\n", static_cast<long long>(requests),
              kThreads, static_cast<double>(requests) / seconds.count());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3 && count != 4) {
    std::fprintf(stderr, "usage: %s MODEL FOLDER [REQUESTS]\n", arguments[0]);
    return 2;
  }
  try {
    serve(arguments[1], arguments[2], count == 4 ? std::atoll(arguments[3]) : 1000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
