#include "engine/report/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/report/markup.hpp"

namespace allconv {

namespace {

// Everything stands in the file, and the policy says so to the browser.
constexpr std::string_view kHead =
    R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
)";

constexpr std::string_view kStyle =
    R"(:root { color-scheme: light dark; --ink: #1f2430; --soft: #606a7b; --line: #d7dce4;
  --paper: #fff; --ground: #f2f4f7; --strong: #0b62a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --soft: #9aa5b5; --line: #3a4250;
  --paper: #1d222b; --ground: #14181f; --strong: #6db5f2; } }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink);
  background: var(--ground); margin: 0 auto; max-width: 1080px; padding: 20px 16px 60px; }
h1 { margin: 8px 0 0; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 20px; }
p { margin: 4px 0 12px; max-width: 46em; color: var(--soft); overflow-wrap: anywhere; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 18px 22px; margin-top: 18px; overflow-x: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr));
  gap: 18px; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft); }
.grid path { stroke: var(--line); }
.series { fill: none; stroke-width: 2; }
.legend { list-style: none; margin: 4px 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 2px 16px; font-size: 14px; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px;
  margin-right: 6px; vertical-align: -1px; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 14px 0 0; }
.figures div { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 16px; flex: 1 0 140px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
.figures dd { font-size: 22px; font-weight: 700; color: var(--strong); }
.settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr));
  gap: 8px 20px; margin: 0; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: 3px 14px 3px 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; }
image { image-rendering: pixelated; }
svg .pale { fill: #fff; } svg .deep { fill: #14181f; }
svg .zero { opacity: 0.35; }
.mistakes { display: flex; flex-wrap: wrap; gap: 14px; }
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

std::string page_section(const std::string& id, const std::string& title, const std::string& words,
                         const std::string& body) {
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}{}\n</section>\n", id, title,
                     words.empty() ? "" : fmt::format("<p>{}</p>\n", words), body);
}

std::string report_page(const ReportContent& content, const PagePictures& pictures) {
  const TrainingPosition& position = content.newest.checkpoint.position;
  const std::string title =
      escaped(fmt::format("Training of {}", content.newest.checkpoint.model.network.name));
  const std::string where = fmt::format(
      "Folder <code>{}</code>. Weights of <code>{}</code>: epoch {}, {} steps of it done.",
      escaped(content.folder), escaped(content.newest.name), position.epoch + 1, position.step);
  return fmt::format(
      "{}<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<h1>{}</h1>\n<p>{}</p>\n"
      "{}{}{}{}{}{}</body>\n</html>\n",
      kHead, title, kStyle, thumbnail_style(content, pictures), title, where, figures(content),
      settings(content), training_sections(content), layer_section(content),
      filter_section(pictures), answer_sections(content, pictures));
}

}  // namespace allconv
