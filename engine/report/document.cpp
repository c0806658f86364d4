#include "engine/report/document.hpp"

#include <fmt/format.h>

namespace allconv {

namespace {

constexpr std::string_view kHead =
    R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
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
)";

// All that a page shows stands in its file, and the policy says so to the browser: words, pictures,
// and a script where there is one.
constexpr std::string_view kPolicy =
    R"(<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'{}">
)";

}  // namespace

std::string html_document(const Document& document) {
  const bool scripted = !document.script.empty();
  const std::string script =
      scripted ? fmt::format("<script>\n{}</script>\n", document.script) : std::string();
  return fmt::format(
      "{}{}<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<h1>{}</h1>\n<p>{}</p>\n"
      "{}{}</body>\n</html>\n",
      kHead, fmt::format(kPolicy, scripted ? "; script-src 'unsafe-inline'" : ""), document.title,
      kStyle, document.style, document.title, document.words, document.body, script);
}

std::string page_section(const std::string& id, const std::string& title, const std::string& words,
                         const std::string& body) {
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}{}\n</section>\n", id, title,
                     words.empty() ? "" : fmt::format("<p>{}</p>\n", words), body);
}

}  // namespace allconv
