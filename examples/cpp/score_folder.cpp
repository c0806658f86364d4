// Scores a folder of pictures (or a tar, or a list of paths): a line a picture.
//
//     score_folder MODEL FOLDER
#include <allconv/images.hpp>
#include <cstdio>
#include <exception>

namespace {

void print_batch(const allconv::Model& model, allconv::ImageSet& set, std::size_t first,
                 const allconv::ImageBatch& batch, const allconv::Scores& scores) {
  std::size_t failed = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch.count); ++i) {
    const std::string path = set.path(first + i);
    if (failed < batch.failures.size() && batch.failures[failed].index == first + i) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), batch.failures[failed++].why.c_str());
      continue;
    }
    const std::size_t best = scores.best(i);
    std::printf("%s\t%s\t%.3f\n", path.c_str(), model.class_name(best).c_str(),
                static_cast<double>(scores.of(i)[best]));
  }
}

void score_folder(const char* model_path, const char* folder) {
  constexpr std::size_t kBatch = 256;
  const allconv::Model model = allconv::Model::load(model_path);
  allconv::ImageSet set(folder, model);
  allconv::Session session(model);
  std::fprintf(stderr, "%zu pictures on %s\n", set.size(), session.device().c_str());
  for (std::size_t first = 0; first < set.size(); first += kBatch) {
    const allconv::ImageBatch batch = set.read(first, std::min(kBatch, set.size() - first));
    print_batch(model, set, first, batch, session.score(batch.images()));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s MODEL FOLDER\n", arguments[0]);
    return 2;
  }
  try {
    score_folder(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
