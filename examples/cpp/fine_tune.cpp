// Trains a model on for the classes of a folder of class folders: a new last layer, all layers
// learn.
//
//     fine_tune MODEL FOLDER OUT.safetensors [EPOCHS]
#include <algorithm>
#include <allconv/images.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <random>
#include <stdexcept>

namespace {

constexpr std::size_t kBatch = 32;

// Decoded once; pictures that cannot be read are left out.
struct LabelledImages {
  std::vector<std::uint8_t> pixels;  // (count,height,width,3)
  std::vector<std::int32_t> labels;  // (count)
  std::size_t image_bytes = 0;
};

LabelledImages read_all(allconv::ImageSet& set) {
  const allconv::ImageBatch batch = set.read(0, set.size());
  LabelledImages images;
  images.image_bytes = batch.pixels.size() / std::max<std::size_t>(set.size(), 1);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (failed < batch.failures.size() && batch.failures[failed].index == i) {
      ++failed;
      continue;
    }
    const auto first = batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * images.image_bytes);
    images.pixels.insert(images.pixels.end(), first,
                         first + static_cast<std::ptrdiff_t>(images.image_bytes));
    images.labels.push_back(set.label(i));
  }
  if (images.labels.empty()) {
    throw std::runtime_error("no picture of the folder could be read; give another");
  }
  return images;
}

// One pass over the images in a random order; the mean loss.
double train_epoch(allconv::Session& session, const allconv::Model& model,
                   const LabelledImages& images, std::mt19937& random) {
  std::vector<std::size_t> order(images.labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  double sum = 0;
  for (std::size_t first = 0; first < order.size(); first += kBatch) {
    std::vector<std::uint8_t> pixels;
    std::vector<std::int32_t> labels;
    for (std::size_t i = first; i < std::min(first + kBatch, order.size()); ++i) {
      const std::uint8_t* const image = images.pixels.data() + order[i] * images.image_bytes;
      pixels.insert(pixels.end(), image, image + images.image_bytes);
      labels.push_back(images.labels[order[i]]);
    }
    const auto count = static_cast<std::int64_t>(labels.size());
    const allconv::Step step = session.train_step(
        allconv::nhwc(pixels.data(), count, model.height(), model.width()), labels,
        {.learning_rate = 0.002, .momentum = 0.9, .weight_decay = 0.001});
    sum += step.loss * static_cast<double>(count);
  }
  return sum / static_cast<double>(order.size());
}

void fine_tune(const char* model_path, const char* folder, const char* out, int epochs) {
  const allconv::Model start = allconv::Model::load(model_path);
  allconv::ImageSet set(folder, start, {.labelled = true});
  const allconv::Model model = start.with_classes(set.classes());
  const LabelledImages images = read_all(set);
  allconv::Session session(model,
                           {.purposes = {.scores = false, .training = true}, .batch_size = kBatch});
  std::mt19937 random(1);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    std::printf("epoch %d: loss %.3f\n", epoch, train_epoch(session, model, images, random));
  }
  session.model().save(out);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4 && count != 5) {
    std::fprintf(stderr, "usage: %s MODEL FOLDER OUT.safetensors [EPOCHS]\n", arguments[0]);
    return 2;
  }
  try {
    fine_tune(arguments[1], arguments[2], arguments[3], count == 5 ? std::atoi(arguments[4]) : 5);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
