// The parts of a report about what the weights answer to validation images.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"
#include "engine/report/page.hpp"

namespace allconv {

namespace {

constexpr std::size_t kMostCounts = 20;  // classes up to which the counts are written out
constexpr std::size_t kLabelCharacters = 24;
constexpr double kCell = 40;  // units of the drawing
constexpr double kCharacter = 7;

// Names left of the rows and, standing up, above the columns; `margin` wide and high.
std::string confusion_labels(const std::vector<std::string>& classes, double margin) {
  std::string text;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::string name = escaped(shortened(classes[i], kLabelCharacters));
    const double middle = margin + kCell * (static_cast<double>(i) + 0.5) + 4;
    text += fmt::format(R"(<text x="{0}" y="{1}" text-anchor="end">{2}</text>)"
                        R"svg(<text transform="translate({1} {0}) rotate(-90)">{2}</text>)svg",
                        margin - 6, middle, name);
  }
  return text;
}

// By row; the true class first in each title.
std::string confusion_counts(const ConfusionCounts& confusion,
                             const std::vector<std::string>& classes, double margin) {
  constexpr double kDark = 0.5;  // shades above it have white numbers
  std::string text;
  for (std::size_t row = 0; row < confusion.size(); ++row) {
    const auto sum =
        std::accumulate(confusion[row].begin(), confusion[row].end(), std::uint64_t{0});
    for (std::size_t column = 0; column < confusion.size(); ++column) {
      const std::uint64_t count = confusion[row][column];
      text += fmt::format(
          "<text class=\"count {}{}\" x=\"{}\" y=\"{}\" text-anchor=\"middle\"><title>{} answered "
          "as "
          "{}</title>{}</text>\n",
          confusion_shade(count, sum) > kDark ? "pale" : "deep", count == 0 ? " zero" : "",
          margin + kCell * (static_cast<double>(column) + 0.5),
          margin + kCell * (static_cast<double>(row) + 0.5) + 4, escaped(classes[row]),
          escaped(classes[column]), count);
    }
  }
  return text;
}

std::string confusion_figure(const ConfusionCounts& confusion,
                             const std::vector<std::string>& classes, const std::string& png) {
  if (classes.size() > kMostCounts)
    return fmt::format(R"(<img alt="confusion matrix" src="{}">)", png_uri(png));
  std::size_t longest = 0;
  for (const std::string& name : classes)
    longest = std::max(longest, character_count(shortened(name, kLabelCharacters)));
  const double margin = 14 + kCharacter * static_cast<double>(longest);
  const double side = kCell * static_cast<double>(classes.size());
  return fmt::format(R"(<svg viewBox="0 0 {0} {0}" style="max-width:{0}px" role="img" )"
                     R"(aria-label="confusion matrix">)"
                     R"(<image x="{1}" y="{1}" width="{2}" height="{2}" href="{3}"/>)"
                     "\n{4}\n{5}</svg>",
                     margin + side, margin, side, png_uri(png), confusion_labels(classes, margin),
                     confusion_counts(confusion, classes, margin));
}

// What is most often taken for what.
std::string frequent_mistakes(const ConfusionCounts& confusion,
                              const std::vector<std::string>& classes) {
  constexpr std::size_t kShown = 10;
  std::vector<std::tuple<std::uint64_t, std::size_t, std::size_t>> all;  // count, true, predicted
  for (std::size_t row = 0; row < confusion.size(); ++row) {
    for (std::size_t column = 0; column < confusion.size(); ++column) {
      if (row != column && confusion[row][column] > 0)
        all.emplace_back(confusion[row][column], row, column);
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
    return std::get<0>(one) > std::get<0>(other);
  });
  if (all.size() > kShown) all.resize(kShown);
  if (all.empty()) return {};
  std::string rows = "<tr><th>true class</th><th>answer</th><th>images</th></tr>\n";
  for (const auto& [count, row, column] : all) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(classes[row]),
                        escaped(classes[column]), count);
  }
  return fmt::format("\n<h3>Most frequent mistakes</h3>\n<table>\n{}</table>", rows);
}

std::string confusion_section(const ReportEvaluation& evaluation,
                              const std::vector<std::string>& classes, const std::string& png) {
  const Evaluation& result = evaluation.result;
  std::string words = fmt::format(
      "{} images of <code>{}</code>: rows are true classes, columns what the weights answer. The "
      "darker, the larger the share of the row, by its square root.",
      result.images, escaped(evaluation.data));
  if (result.failed > 0)
    words += fmt::format(" {} could not be decoded and are left out.", result.failed);
  return page_section("confusion", "Confusion matrix", words,
                      confusion_figure(result.confusion, classes, png) +
                          frequent_mistakes(result.confusion, classes));
}

// Each figure shows its place of the sheet.
std::string mistake_section(const ReportEvaluation& evaluation,
                            const std::vector<std::string>& classes) {
  if (evaluation.mistakes.empty())
    return page_section("mistakes", "Surest mistakes", "There are no mistakes.", "");
  const ThumbnailSheet& sheet = *evaluation.sheet;
  std::string figures;
  for (std::size_t i = 0; i < evaluation.mistakes.size(); ++i) {
    const Answer& answer = evaluation.mistakes[i];
    const int place = static_cast<int>(i);
    figures += fmt::format(
        "<figure title=\"{}\"><div class=\"thumbnail\" role=\"img\" aria-label=\"{}\" "
        "style=\"background-position:{}px {}px\"></div><figcaption>is <b>{}</b><br>answer "
        "<b>{}</b><br>{:.1f} %</figcaption></figure>\n",
        escaped(evaluation.paths[i]), escaped(classes[answer.label]),
        -(place % sheet.columns) * sheet.width, -(place / sheet.columns) * sheet.height,
        escaped(classes[answer.label]), escaped(classes[answer.predicted]),
        100 * static_cast<double>(answer.probability));
  }
  return page_section(
      "mistakes", "Surest mistakes",
      "The wrong answers of which the weights are surest, with the probability of the answer.",
      fmt::format("<div class=\"mistakes\">\n{}</div>", figures));
}

}  // namespace

std::string thumbnail_style(const ReportContent& content, const PagePictures& pictures) {
  if (pictures.mistakes.empty()) return {};
  const ThumbnailSheet& sheet = *content.evaluation->sheet;
  return fmt::format(".thumbnail {{ width: {}px; height: {}px;\n  background-image: url({}); }}\n",
                     sheet.width, sheet.height, png_uri(pictures.mistakes));
}

std::string answer_sections(const ReportContent& content, const PagePictures& pictures) {
  if (!content.evaluation) {
    return page_section("confusion", "Confusion matrix and mistakes",
                        escaped(content.why_no_evaluation), "");
  }
  const std::vector<std::string>& classes = content.newest.checkpoint.model.classes;
  return confusion_section(*content.evaluation, classes, pictures.confusion) +
         mistake_section(*content.evaluation, classes);
}

}  // namespace allconv
