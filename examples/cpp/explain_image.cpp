// Explains a picture by guided backpropagation: what the network looked at, as a grey picture.
//
//     explain_image MODEL PICTURE OUT.pgm
#include <algorithm>
#include <allconv/images.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace {

// The largest magnitude of the three channels, the strongest white.
void write_map(const std::vector<float>& map, const allconv::ImageBatch& batch, const char* path) {
  std::string grey;
  const float strongest = std::abs(*std::max_element(
      map.begin(), map.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
  for (std::size_t i = 0; i < map.size(); i += 3) {
    const float magnitude =
        std::max({std::abs(map[i]), std::abs(map[i + 1]), std::abs(map[i + 2])});
    grey += static_cast<char>(strongest > 0 ? std::lround(255 * magnitude / strongest) : 0);
  }
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << batch.width << ' ' << batch.height << "\n255\n" << grey;
  if (!file.flush()) throw std::runtime_error(std::string(path) + ": cannot be written");
}

void explain_image(const char* model_path, const char* picture, const char* out) {
  const allconv::Model model = allconv::Model::load(model_path);
  const allconv::ImageBatch batch = allconv::ImageSet(picture, model).read(0, 1);
  if (!batch.failures.empty()) {
    throw std::runtime_error(std::string(picture) + ": " + batch.failures.front().why);
  }
  allconv::Session session(
      model, {.purposes = {.explanations = {allconv::Method::guided}}, .batch_size = 1});
  const allconv::Explanations explained = session.explain(batch.images(), allconv::Method::guided);
  write_map(explained.maps, batch, out);
  std::printf("%s\n",
              model.class_name(static_cast<std::size_t>(explained.units[0].channel)).c_str());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: %s MODEL PICTURE OUT.pgm\n", arguments[0]);
    return 2;
  }
  try {
    explain_image(arguments[1], arguments[2], arguments[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
