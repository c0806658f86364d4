#include "engine/explain/explanation_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "engine/explain/attribution_picture.hpp"
#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"

namespace allconv {

namespace {

constexpr std::string_view kStripStyle =
    R"([hidden] { display: none !important; }
#controls { display: flex; flex-wrap: wrap; gap: 8px 20px; margin: 14px 0 0; }
#images figure { margin: 22px 0 0; }
#images img { display: block; max-width: 100%; height: auto; image-rendering: pixelated;
  print-color-adjust: exact; }
#images figcaption { font-weight: 400; margin-bottom: 6px; overflow-wrap: anywhere; }
)";

constexpr std::string_view kScript =
    R"("use strict";
const list = document.getElementById("images");
const cards = Array.from(list.children);
const order = document.getElementById("order");
const wanted = document.getElementById("predicted");
const keys = {
  given: card => Number(card.dataset.place),
  predicted: card => Number(card.dataset.predicted),
  probability: card => -Number(card.dataset.probability),
  value: card => -Number(card.dataset.value),
};
const classes = new Map(cards.map(card => [card.dataset.predicted, card.dataset.name]));
for (const [index, name] of Array.from(classes).sort((a, b) => a[0] - b[0]))
  wanted.add(new Option(name, index));
function show() {
  const key = keys[order.value];
  cards.sort((a, b) => key(a) - key(b) || keys.given(a) - keys.given(b));
  for (const card of cards) {
    card.hidden = wanted.value !== "all" && wanted.value !== card.dataset.predicted;
    list.append(card);
  }
}
order.addEventListener("change", show);
wanted.addEventListener("change", show);
document.getElementById("controls").hidden = false;
show();
)";

// They do nothing without the script, which shows them.
constexpr std::string_view kControls =
    R"(<div id="controls" hidden>
<label>Order <select id="order">
<option value="given">as given</option><option value="predicted">predicted class</option>
<option value="probability">probability, largest first</option>
<option value="value">the unit's value, largest first</option>
</select></label>
<label>Predicted class <select id="predicted"><option value="all">all</option></select></label>
</div>
)";

std::string color_text(const Color& color) { return fmt::format("rgb({})", fmt::join(color, ",")); }

// As the script compares it.
std::string number_attribute(double value) {
  return fmt::format("{}", std::isfinite(value) ? value : 0);
}

std::string unit_text(const ExplanationSubject& subject, const ExplainedUnit& unit) {
  const std::string value = number_text(unit.value);
  if (subject.layer.empty()) {
    return fmt::format("logit of {}: {}",
                       escaped(class_text(subject, static_cast<std::size_t>(unit.channel))), value);
  }
  return fmt::format("{}, channel {} at row {}, column {}: {}", escaped(subject.layer),
                     unit.channel, unit.row, unit.column, value);
}

// Names of methods, each a link to its overlay where there is one.
std::string overlay_links(const ExplanationRecord& record) {
  std::string text;
  for (const MapRecord& map : record.maps) {
    if (!text.empty()) text += ", ";
    text += map.overlay.empty()
                ? map.method
                : fmt::format("<a href=\"{}\">{}</a>", escaped(map.overlay), map.method);
    if (map.all_zero) text += " (all zero)";
  }
  return text;
}

std::string strip_image(const ExplanationSubject& subject, const PageEntry& entry) {
  if (entry.strip.empty())
    return fmt::format("<p>No picture: {}.</p>\n", escaped(entry.record.picture_error));
  const int width = strip_width(subject.target, entry.record.maps.size()) *
                    display_zoom(subject.target.height, subject.target.width);
  std::string image = fmt::format("<img alt=\"strip of {}\" width=\"{}\" src=\"{}\">\n",
                                  escaped(entry.record.path), width, png_uri(entry.strip));
  if (!entry.record.picture_error.empty())
    image += fmt::format("<p>Not all pictures: {}.</p>\n", escaped(entry.record.picture_error));
  return image;
}

std::string figure(const ExplanationSubject& subject, const PageEntry& entry, std::size_t place) {
  const ExplanationRecord& record = entry.record;
  const std::string name = escaped(class_text(subject, record.predicted));
  return fmt::format(
      "<figure data-place=\"{}\" data-predicted=\"{}\" data-name=\"{}\" data-probability=\"{}\" "
      "data-value=\"{}\">\n<figcaption><strong>{}</strong><br>\npredicted {}, {}; {}<br>\n"
      "methods: {}</figcaption>\n{}</figure>\n",
      place, record.predicted, name, number_attribute(record.probability),
      number_attribute(record.unit.value), escaped(record.path), name,
      percent_text(record.probability), unit_text(subject, record.unit), overlay_links(record),
      strip_image(subject, entry));
}

std::string words_about(const ExplanationSubject& subject, const ExplanationCounts& counts) {
  std::string words = fmt::format(
      "Model <code>{}</code>, network {}, on {}, {}. Explained: {}.", escaped(subject.model),
      escaped(subject.network), escaped(subject.device), escaped(subject.precision),
      subject.layer.empty() ? "the logit of a class"
                            : fmt::format("a unit of {}", escaped(subject.layer)));
  words += fmt::format(" {} images, {} of them failed.", counts.images, counts.failed);
  if (counts.without_pictures > 0)
    words += fmt::format(" Pictures are missing of {} images.", counts.without_pictures);
  for (std::size_t i = 0; i < subject.methods.size() && i < counts.zero_maps.size(); ++i) {
    if (counts.zero_maps[i] > 0) {
      words += fmt::format(" Maps of zeros by {}: {}.", subject.methods[i], counts.zero_maps[i]);
    }
  }
  return words;
}

std::string reading_guide(const ExplanationSubject& subject) {
  std::string columns = "the network's input";
  for (const std::string& method : subject.methods) columns.append(", ").append(method);
  return fmt::format(
      "Columns from left to right: {}. Upper row: the signal at the input as colours, grey is "
      "zero. Lower row: its sum over the colours, from blue (negative) over white (zero) to orange "
      "(positive). Each map has the scale of its own largest magnitude; explanations.json has "
      "the numbers. A method's name leads to its map over the original.</p>\n"
      "<p aria-hidden=\"true\"><span style=\"display:inline-block;width:256px;height:12px;"
      "background:linear-gradient(to right,{},{},{})\"></span>",
      columns, color_text(diverging_color(-1)), color_text(diverging_color(0)),
      color_text(diverging_color(1)));
}

}  // namespace

std::string explanation_page(const ExplanationSubject& subject,
                             const std::vector<PageEntry>& entries,
                             const ExplanationCounts& counts) {
  std::string figures;
  for (std::size_t i = 0; i < entries.size(); ++i) figures += figure(subject, entries[i], i);
  const std::size_t explained = counts.images - counts.failed;
  const std::string shown =
      entries.size() == explained
          ? fmt::format("{} images", explained)
          : fmt::format(
                "The first {} of {} images; explanations.json and the pictures beside this "
                "page have all",
                entries.size(), explained);
  return html_document(
      {.title = "Explanations",
       .words = words_about(subject, counts),
       .style = std::string(kStripStyle),
       .script = std::string(kScript),
       .body = page_section("reading", "How to read the strips", reading_guide(subject), "") +
               page_section("explanations", "Images", shown + ".",
                            fmt::format("{}<div id=\"images\">\n{}</div>", kControls, figures))});
}

}  // namespace allconv
