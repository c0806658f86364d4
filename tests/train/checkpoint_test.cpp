// Checkpoints: a training that stops and goes on gives the same bits as one that does not, whatever
// is damaged is found, and another training is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/formats/safetensors.hpp"
#include "engine/support/error.hpp"
#include "engine/train/checkpoint.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/train/tiny_training.hpp"

namespace allconv {
namespace {

constexpr int kEpochs = 3;
constexpr std::size_t kImages = 50;  // by 24: three steps, the last with two images

struct Outcome {
  Parameters parameters;
  std::vector<double> figures;  // loss, error and rate of each epoch
};

// Runs to the end from wherever the trainer stands.
Outcome finish(Trainer& trainer) {
  Outcome outcome;
  for (int epoch = trainer.position().epoch; epoch < kEpochs; ++epoch) {
    const EpochResult result = trainer.run_epoch(epoch, {});
    for (const double figure : {result.loss, result.error, result.learning_rate})
      outcome.figures.push_back(figure);
  }
  outcome.parameters = trainer.model().parameters;
  return outcome;
}

// Runs `steps` steps and leaves the rest of the epoch undone.
void run_steps(Trainer& trainer, std::size_t steps) {
  std::size_t left = steps;
  const TrainCallbacks stop = {.progress = {}, .cancelled = [&left] { return left-- == 0; }};
  try {
    for (int epoch = 0; epoch < kEpochs; ++epoch) trainer.run_epoch(epoch, stop);
  } catch (const Error& error) {
    ASSERT_EQ(error.kind(), ErrorKind::interrupted);
  }
}

class Checkpoints : public testing::Test {
 protected:
  Trainer trainer(const TrainOptions& options = tiny_options()) {
    return {untrained_model(set_), set_, options, pool_};
  }

  Checkpoint checkpoint_of(const Trainer& trainer) const {
    const TrainerState state = trainer.state();
    Checkpoint checkpoint{.model = untrained_model(set_),
                          .velocities = state.velocities,
                          .position = state.position,
                          .run = {.identity = training_identity(set_, tiny_options(), "he"),
                                  .device = "avx512",
                                  .tuning = "{\"any\": \"text\"}"}};
    checkpoint.model.parameters = state.weights;
    return checkpoint;
  }

  // A checkpoint after `steps` steps, written to path_.
  Checkpoint write_after(std::size_t steps) {
    Trainer stopped = trainer();
    run_steps(stopped, steps);
    Checkpoint checkpoint = checkpoint_of(stopped);
    write_checkpoint(checkpoint, path_);
    return checkpoint;
  }

  static TrainerState state_of(const Checkpoint& checkpoint) {
    return {.position = checkpoint.position,
            .weights = checkpoint.model.parameters,
            .velocities = checkpoint.velocities};
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "checkpoint.safetensors";
  TrainingSet set_ = striped_images(kImages);
  ThreadPool pool_{2};
};

void expect_equal(const Checkpoint& read, const Checkpoint& written) {
  EXPECT_EQ(read.model.network, written.model.network);
  EXPECT_EQ(read.model.classes, written.model.classes);
  EXPECT_EQ(read.model.prepare, written.model.prepare);
  EXPECT_EQ(read.model.parameters, written.model.parameters);
  EXPECT_EQ(read.velocities, written.velocities);
  EXPECT_EQ(read.position, written.position);
  EXPECT_EQ(read.run, written.run);
  EXPECT_EQ(read.device_changed, written.device_changed);
}

TEST_F(Checkpoints, HoldEverythingExactly) {
  Checkpoint written = write_after(5);
  EXPECT_EQ(written.position.epoch, 1);
  EXPECT_EQ(written.position.step, 2U);
  EXPECT_EQ(written.position.images, 48U);
  written.device_changed = true;
  written.position.loss_sum = std::nextafter(0.1, 1);  // 17 digits
  write_checkpoint(written, path_);
  expect_equal(read_checkpoint(path_), written);
}

TEST_F(Checkpoints, AreModelFilesWithVelocitiesBeside) {
  const Checkpoint written = write_after(4);
  EXPECT_EQ(read_model(path_).parameters, written.model.parameters);
  const SafetensorsReader file(path_);
  const TensorInfo* velocity = file.find("conv2.weight.velocity");
  ASSERT_NE(velocity, nullptr);
  EXPECT_EQ(velocity->dtype, "F32");
  EXPECT_EQ(velocity->shape, (std::vector<std::int64_t>{8, 8, 3, 3}));
  EXPECT_NE(file.find("conv3.bias.velocity"), nullptr);
}

TEST_F(Checkpoints, ResumingAtAnyStepGivesTheSameBits) {
  Trainer whole = trainer();
  const Outcome expected = finish(whole);
  for (std::size_t steps = 0; steps <= kEpochs * whole.steps(); ++steps) {
    write_after(steps);
    const Checkpoint checkpoint = read_checkpoint(path_);
    ThreadPool other_threads(static_cast<int>(steps) % 3 + 1);
    Trainer resumed(untrained_model(set_), set_, tiny_options(), other_threads);
    resumed.restore(state_of(checkpoint));
    const Outcome outcome = finish(resumed);
    EXPECT_EQ(outcome.parameters, expected.parameters) << steps;
    const std::size_t done = expected.figures.size() - outcome.figures.size();
    EXPECT_TRUE(std::equal(outcome.figures.begin(), outcome.figures.end(),
                           expected.figures.begin() + static_cast<std::ptrdiff_t>(done)))
        << steps;
  }
}

TEST_F(Checkpoints, GoOnWithTheKernelsOfAnotherDevice) {
  write_after(4);
  const Checkpoint checkpoint = read_checkpoint(path_);
  for (const kernels::Isa isa : {kernels::Isa::portable, kernels::Isa::avx2}) {
    if (isa > kernels::best_isa()) continue;
    TrainOptions options = tiny_options();
    options.plan.limits.isa = isa;
    Trainer other = trainer(options);
    other.restore(state_of(checkpoint));
    // Other forms of the weights, the same numbers, there and back.
    EXPECT_EQ(other.state().weights, checkpoint.model.parameters);
    EXPECT_EQ(other.state().velocities, checkpoint.velocities);
    EXPECT_LT(finish(other).figures.end()[-3], 0.5);  // the last loss
    Trainer back = trainer();
    back.restore(other.state());
    EXPECT_EQ(back.state().weights, other.state().weights);
    EXPECT_EQ(back.state().velocities, other.state().velocities);
  }
}

TEST_F(Checkpoints, APositionThatIsNotOfTheSetIsRefused) {
  const Checkpoint checkpoint = write_after(4);
  for (int field = 0; field < 3; ++field) {
    TrainerState state = state_of(checkpoint);
    if (field == 0) state.position.step = 4;
    if (field == 1) ++state.position.images;
    if (field == 2) ++state.position.order;
    Trainer other = trainer();
    EXPECT_THROW(other.restore(state), Error) << field;
  }
}

// A change of any byte is found, or changes nothing.
TEST_F(Checkpoints, ChangedBytesAreFound) {
  const Checkpoint written = write_after(4);
  const std::string whole = read_bytes(path_);
  std::size_t found = 0;
  std::size_t tried = 0;
  for (std::size_t place = 0; place < whole.size(); place += 13, ++tried) {
    std::string bytes = whole;
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << (place % 8)));
    write_bytes(path_, bytes);
    try {
      expect_equal(read_checkpoint(path_), written);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model) << error.what();
      EXPECT_NE(std::string(error.what()).find(path_), std::string::npos);
      ++found;
    }
    ASSERT_FALSE(HasFailure()) << "byte " << place;
  }
  EXPECT_GT(found, tried * 9 / 10);
}

TEST_F(Checkpoints, FilesThatEndEarlyAreFound) {
  write_after(4);
  const std::string whole = read_bytes(path_);
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    write_bytes(path_, whole.substr(0, length));
    EXPECT_THROW(read_checkpoint(path_), Error) << length;
  }
  write_model(untrained_model(set_), path_);
  EXPECT_THROW(read_checkpoint(path_), Error) << "a model is no checkpoint";
}

TEST_F(Checkpoints, NumbersThatAreNotFiniteAreNotWritten) {
  Checkpoint checkpoint = write_after(1);
  checkpoint.velocities[1].bias[2] = std::numeric_limits<float>::infinity();
  const std::string sentence =
      error_of(ErrorKind::training, [&] { write_checkpoint(checkpoint, path_); });
  EXPECT_NE(sentence.find("conv2.bias.velocity"), std::string::npos);
}

// What differs, and the words that the refusal must have.
struct Difference {
  std::function<void(TrainingSet&, TrainOptions&, Model&)> make;
  std::vector<std::string> words;
};

std::string refusal(const Checkpoint& checkpoint, TrainingSet set, const Difference& difference) {
  TrainOptions options = tiny_options();
  Model model = untrained_model(set);
  difference.make(set, options, model);
  try {
    check_same_training(checkpoint, model, training_identity(set, options, "he"), "folder");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return {};
}

TEST_F(Checkpoints, AnotherTrainingIsRefusedByTheFieldThatDiffers) {
  using Set = TrainingSet;
  using Options = TrainOptions;
  const Difference differences[] = {
      {[](Set&, Options& o, Model&) { o.batch_size = 25; }, {"recipe.batch_size", "24", "25"}},
      {[](Set&, Options& o, Model&) { o.learning_rate = 0.07; }, {"learning_rate", "0.07", "0.05"}},
      {[](Set&, Options& o, Model&) { o.momentum = 0.8; }, {"recipe.momentum", "0.8", "0.9"}},
      {[](Set&, Options& o, Model&) { o.weight_decay = 0; }, {"recipe.weight_decay", "0.001"}},
      {[](Set&, Options& o, Model&) { o.schedule.steps[1] = 260; }, {"schedule.1", "250", "260"}},
      {[](Set&, Options& o, Model&) { o.schedule.steps.push_back(9); },
       {"recipe.schedule is [200,250,300] in", "[200,250,300,9]"}},
      {[](Set&, Options& o, Model&) { o.augmentation.flip = false; }, {"augment.flip", "true"}},
      {[](Set&, Options& o, Model&) { o.augmentation.shift = 3; }, {"augment.shift", "1", "3"}},
      {[](Set&, Options& o, Model&) { o.augmentation.heavy = true; }, {"augment.heavy", "true"}},
      {[](Set& s, Options& o, Model&) {
         o.augmentation.crop = 2;
         s.pixels[99] ^= 1;  // larger images are others
       },
       {"augment.crop is nothing in", "2"}},
      {[](Set&, Options& o, Model&) { o.seed = 6; }, {"recipe.seed", "5", "6"}},
      {[](Set& s, Options&, Model&) { s.labels[7] ^= 1; }, {"data.labels"}},
      {[](Set& s, Options&, Model&) { s.pixels[99] ^= 1; }, {"data.pixels"}},
      {[](Set& s, Options&, Model&) { s.labels.pop_back(); }, {"data.images", "50", "49"}},
      {[](Set&, Options&, Model& m) { m.classes[1] = "left"; }, {"classes.1", "bottom", "left"}},
      {[](Set&, Options&, Model& m) { m.prepare.std[2] = 0.4; }, {"prepare.std.2", "0.3", "0.4"}},
      {[](Set&, Options&, Model& m) { std::get<DropoutLayer>(m.network.layers[2]).rate = 0.2; },
       {"network.layers.2.rate", "0.1", "0.2"}},
      {[](Set&, Options&, Model& m) { std::get<Conv2dLayer>(m.network.layers[3]).filters = 9; },
       {"network.layers.3.filters", "8", "9"}}};
  const Checkpoint checkpoint = write_after(1);
  for (const Difference& difference : differences) {
    const std::string sentence = refusal(checkpoint, striped_images(kImages), difference);
    for (const std::string& word : difference.words)
      EXPECT_NE(sentence.find(word), std::string::npos) << word << " in: " << sentence;
  }
  const auto none = [](Set&, Options& options, Model&) {
    options.epochs = 99;
    options.plan.threads = 7;
  };
  EXPECT_EQ(refusal(checkpoint, striped_images(kImages), {none, {}}), "");
  const std::string identity = training_identity(set_, tiny_options(), "he");
  EXPECT_NE(identity, training_identity(set_, tiny_options(), "model 0"));
  // As checkpoints have it that were written before there were crops.
  EXPECT_NE(identity.find(R"("augment":{"flip":true,"shift":1})"), std::string::npos) << identity;
}

}  // namespace
}  // namespace allconv
