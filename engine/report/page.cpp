#include "engine/report/page.hpp"

#include <fmt/format.h>

#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"

namespace allconv {

namespace {

constexpr std::string_view kMistakeStyle =
    R"(.mistakes { display: flex; flex-wrap: wrap; gap: 14px; }
.mistakes figure { width: 132px; font-size: 13px; overflow-wrap: anywhere; }
.mistakes figcaption { font-weight: 400; }
.thumbnail { image-rendering: pixelated; print-color-adjust: exact; }
)";

std::string figure(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, escaped(value));
}

// What the training has come to; of epochs that count, those of the last attempt.
std::string figures(const ReportContent& content) {
  const auto& rows = content.history.rows;
  const auto& header = content.history.header;
  std::string text;
  if (!rows.empty()) {
    const EpochMetrics& last = rows.back().metrics;
    text +=
        figure("epochs in the history", header ? fmt::format("{} of {}", last.epoch, header->epochs)
                                               : fmt::format("{}", last.epoch));
    text += figure("training loss", number_text(last.train_loss));
    text += figure("training error", percent_text(last.train_error));
    if (last.validation_error)
      text += figure("validation error", percent_text(last.validation_error));
    text += figure("images a second", last.images_per_second
                                          ? fmt::format("{:.0f}", *last.images_per_second)
                                          : number_text({}));
  }
  if (content.evaluation && content.evaluation->result.images > 0) {
    text += figure("error of these weights", percent_text(1 - content.evaluation->result.top1));
    text += figure("their loss", fmt::format("{:.4f} nats", content.evaluation->result.loss));
  }
  return text.empty() ? "" : fmt::format("<dl class=\"figures\">\n{}</dl>\n", text);
}

std::string settings(const ReportContent& content) {
  const Model& model = content.newest.checkpoint.model;
  const Shape& input = model.network.input;
  const NetworkSummary network = summarise(model.network);
  std::string text = figure("network", model.network.name);
  text += figure("input", fmt::format("{} x {} x {}", input.channels, input.height, input.width));
  text += figure("classes", fmt::format("{}", model.classes.size()));
  text += figure("parameters", fmt::format("{}", network.parameters));
  if (const auto& header = content.history.header) {
    text += figure("training data", header->data);
    text += figure("validation data", header->validate.value_or("none"));
    text += figure("batch size", fmt::format("{}", header->batch_size));
    text += figure("learning rate", fmt::format("{}", header->learning_rate));
    text += figure("schedule", header->schedule);
    text += figure("warm-up", fmt::format("{} epochs", header->warm_up));
    text += figure("momentum", fmt::format("{}", header->momentum));
    text += figure("weight decay", fmt::format("{}", header->weight_decay));
    text += figure("augmentation", header->augment);
    text += figure("seed", fmt::format("{}", header->seed));
  }
  return page_section("settings", "What is trained", "",
                      fmt::format("<dl class=\"settings\">\n{}</dl>", text));
}

std::string filter_section(const PagePictures& pictures) {
  if (pictures.filters.empty()) return {};
  return page_section(
      "filters", "Filters of the first layer",
      "Each filter is a tile, its weights for red, green and blue as colours, scaled to its own "
      "least and largest weight.",
      fmt::format(R"(<img alt="filters of the first layer as tiles" src="{}">)",
                  png_uri(pictures.filters)));
}

}  // namespace

std::string report_page(const ReportContent& content, const PagePictures& pictures) {
  const TrainingPosition& position = content.newest.checkpoint.position;
  const std::string title =
      escaped(fmt::format("Training of {}", content.newest.checkpoint.model.network.name));
  const std::string where = fmt::format(
      "Folder <code>{}</code>. Weights of <code>{}</code>: epoch {}, {} steps of it done.",
      escaped(content.folder), escaped(content.newest.name), position.epoch + 1, position.step);
  return html_document({.title = title,
                        .words = where,
                        .style = std::string(kMistakeStyle) + thumbnail_style(content, pictures),
                        .script = {},
                        .body = figures(content) + settings(content) + training_sections(content) +
                                layer_section(content) + filter_section(pictures) +
                                answer_sections(content, pictures)});
}

}  // namespace allconv
