#include "bench/embedding/header_side.hpp"

#include <chrono>
#include <memory>
#include <vector>

#include "allconv/allconv.hpp"

namespace allconv::bench {

std::function<void()> header_call(const std::string& path, const std::uint8_t* pixels,
                                  int threads) {
  const Model model = Model::load(path);
  const auto session =
      std::make_shared<Session>(model, SessionOptions{.batch_size = 1, .threads = threads});
  const Images images = nhwc(pixels, 1, model.height(), model.width());
  return [session, images] { static_cast<void>(session->score(images)); };
}

double first_score_seconds(const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  const Model model = Model::load(path);
  Session session(model, {.batch_size = 1});
  const std::vector<std::uint8_t> black(
      static_cast<std::size_t>(model.height() * model.width() * 3));
  static_cast<void>(session.score(nhwc(black.data(), 1, model.height(), model.width())));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace allconv::bench
