#include "tests/operations/conv2d_problems.hpp"

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/core/problem_text.hpp"

namespace allconv::suite {

namespace {

constexpr std::string_view kNetworkLayers[] = {
    // Families A, B, C and their variants, 32x32 maps cut to a few rows.
    "n3h8w8c3k96r5s5p2",           // A conv1
    "n1h9w9c3k96r5s5u2v2p2",       // strided A conv1
    "n1h4w5c96k192r5s5p2",         // A conv3
    "n1h7w7c96k192r5s5u2v2p2",     // strided A conv2
    "n3h8w6c96k96r1s1",            // B conv2
    "n3h8w8c96k96r1s1u2v2",        // strided B
    "n3h10w9c3k96r3s3p1",          // C conv1
    "n1h24w24c96k96r3s3p1",        // C conv2, large enough for several row blocks
    "n3h8w8c96k96r3s3u2v2p1",      // C conv3
    "n1h8w8c96k96r3s3u2v2pb1pr1",  // C conv3, padded as TensorFlow does
    "n1h5w5c96k192r3s3p1",         // C conv4
    "n1h8w8c192k192r3s3u2v2p1",    // C conv6
    "n3h5w5c192k192r3s3",          // head, valid
    "n3h3w3c192k192r1s1",          // head
    "n3h6w6c192k10r1s1",           // 10 classes
    "n3h3w3c192k100r1s1",          // 100 classes
    // all-cnn-b-imagenet
    "n1h31w27c3k96r11s11u4v4p2",
    "n1h9w9c96k96r3s3u2v2",
    "n1h3w3c96k256r5s5p2",
    "n3h3w3c256k256r1s1",
    "n1h5w5c256k256r3s3u2v2",
    "n1h2w3c256k384r3s3p1",
    "n1h5w5c384k384r3s3u2v2",
    "n1h2w1c384k1024r3s3p1",
    "n1h2w2c1024k1000r1s1",
    // large-all-cnn; its widest layers have too many weights for a quick test
    "n1h6w7c3k320r2s2",
    "n1h4w4c320k320r2s2",
    "n1h6w6c320k320r2s2u2v2",
    "n1h3w3c320k640r2s2",
    "n1h4w4c640k640r2s2u2v2",
    "n1h3w2c960k960r2s2",
    "n1h1w1c1920k1920r1s1",
};

constexpr std::string_view kOddProblems[] = {
    // one of everything, and maps of one element
    "n1h1w1c1k1r1s1",
    "n3h1w1c13k10r1s1",
    "n1h1w1c100k10r3s3p1",
    "n3h1w9c10k13r1s3pl1pr1",
    // channels that fill no vector
    "n1h7w5c1k1r3s3p1",
    "n3h9w11c3k13r3s3p1",
    "n1h6w7c13k100r3s3p1",
    "n3h5w7c100k3r3s3p1",
    "n1h5w6c17k33r2s2",
    "n3h5w7c10k3r1s1",
    "n1h7w6c3k109r3s3p1",
    // windows: larger than the map, flat, high
    "n1h3w3c5k7r5s5p2",
    "n1h13w10c13k13r5s3pt2pl1pb2pr1",
    "n1h12w9c8k16r1s7pl3pr3",
    // strides 1 to 4, also different ones, with rows and columns left over
    "n3h11w9c3k10r3s3u2v2p1",
    "n1h14w17c10k13r3s3u3v3p1",
    "n3h16w18c13k10r5s5u4v4p2",
    "n1h12w11c16k16r3s3u1v2p1",
    "n1h13w12c16k16r3s3u3v1p1",
    "n3h15w16c10k10r4s3u2v4p1",
    "n3h1w2c16k16r1s1u2v3",    // a map smaller than a stride
    "n1h17w18c10k13r2s2u4v3",  // between the windows nobody looks
    "n1h10w10c16k32r1s1u3v2",
    // asymmetric padding
    "n1h8w8c10k13r3s3u2v2pb1pr1",
    "n3h7w9c13k10r3s3pt2pl0pb1pr3",
    "n1h8w10c100k100r3s3u2v2pt1pl2pb0pr1",
    "n1h33w31c64k64r3s3u2v2pt0pl1pb1pr0",
    // panels larger than a second-level cache, also of a stride's phase
    "n1h6w7c912k20r3s3p1",
    "n1h9w10c20k912r3s3u2v2p1",
    // many pixels of few channels, in several pieces; windows apart, with columns left over
    "n3h40w37c3k48r5s5p2",
    "n1h5w71c3k13r3s3p1",
    "n1h11w19c3k10r3s2u4v5pl1",
    // a list of pixels in several pieces, and with padding between them
    "n1h57w56c64k5r1s1",
    "n1h5w6c10k7r1s1p1",
    // more tiles than are transformed at once, blocks ending inside an image
    "n3h28w27c16k20r3s3p1",
    "n3h50w57c16k20r3s3u2v2p1",
    // windows that lie wholly in the padding
    "n1h4w4c3k3r2s2p3",
    "n1h4w4c84k84r3s3p12",
};

constexpr std::string_view kEpilogueProblems[] = {
    "n3h9w8c13k10r3s3p1",
    "n1h8w8c3k96r3s3p1",
    "n1h16w16c96k96r3s3u2v2p1",
    "n3h6w6c32k48r1s1",
};

constexpr std::string_view kFullProblems[] = {
    "n1h32w32c3k96r5s5p2",  // all-cnn-a
    "n1h32w32c96k96r3s3u2v2p1",    "n1h16w16c96k192r5s5p2",      "n1h16w16c192k192r3s3u2v2p1",
    "n1h32w32c96k96r1s1",  // all-cnn-b
    "n1h16w16c192k192r1s1",
    "n1h32w32c3k96r3s3p1",  // all-cnn-c
    "n1h32w32c96k96r3s3p1",        "n1h16w16c96k192r3s3p1",      "n1h16w16c192k192r3s3p1",
    "n3h8w8c192k192r3s3",  // the head of all three
    "n3h6w6c192k192r1s1",          "n3h6w6c192k10r1s1",
    "n1h224w224c3k96r11s11u4v4p2",  // all-cnn-b-imagenet
    "n1h55w55c96k96r1s1",          "n1h55w55c96k96r3s3u2v2",     "n1h27w27c96k256r5s5p2",
    "n1h27w27c256k256r3s3u2v2",    "n1h13w13c256k384r3s3p1",     "n1h13w13c384k384r3s3u2v2",
    "n1h6w6c384k1024r3s3p1",       "n1h6w6c1024k1000r1s1",
    "n1h126w126c3k320r2s2",  // large-all-cnn
    "n1h125w125c320k320r2s2",      "n1h124w124c320k320r2s2u2v2", "n1h62w62c320k640r2s2",
    "n1h60w60c640k640r2s2u2v2",    "n1h30w30c640k960r2s2",       "n1h28w28c960k960r2s2u2v2",
    "n1h14w14c960k1280r2s2",       "n1h12w12c1280k1280r2s2u2v2", "n1h6w6c1280k1600r2s2",
    "n1h4w4c1600k1600r2s2u2v2",    "n1h2w2c1600k1920r2s2",
};

void add(std::vector<Conv2dProblem>& problems, std::span<const std::string_view> texts) {
  for (const std::string_view text : texts) {
    const auto problem = kernels::parse_problem<Conv2dProblem>(text);
    if (!problem) throw std::logic_error("not a problem: " + std::string(text));
    problems.push_back(*problem);
  }
}

// Many weights take as long as many sums, and are compared one by one.
bool has_few_weights(const Conv2dProblem& problem) {
  constexpr std::int64_t kFewWeights = 340'000;
  return problem.weights_size() <= kFewWeights;
}

// Of the problems that suit a quick test by their sums.
std::vector<Conv2dProblem> problems_of_few_sums() {
  std::vector<Conv2dProblem> problems;
  add(problems, kNetworkLayers);
  add(problems, kOddProblems);
  return problems;
}

}  // namespace

std::vector<Conv2dProblem> quick_conv2d_problems() {
  std::vector<Conv2dProblem> problems = problems_of_few_sums();
  std::erase_if(problems, std::not_fn(has_few_weights));
  return problems;
}

std::vector<Conv2dProblem> full_conv2d_problems() {
  std::vector<Conv2dProblem> problems;
  add(problems, kFullProblems);
  for (const Conv2dProblem& problem : problems_of_few_sums()) {
    if (!has_few_weights(problem)) problems.push_back(problem);
  }
  return problems;
}

void add_epilogues(std::vector<Conv2dProblem>& problems,
                   const std::vector<Conv2dEpilogue>& epilogues) {
  constexpr float kPaperSlope = 0.333F;
  std::vector<Conv2dProblem> plain;
  add(plain, kEpilogueProblems);
  for (Conv2dProblem problem : plain) {
    for (const Conv2dEpilogue epilogue : epilogues) {
      problem.epilogue = epilogue;
      problem.slope = 0;
      problems.push_back(problem);
      problem.slope = kPaperSlope;
      problems.push_back(problem);
    }
  }
}

}  // namespace allconv::suite
