// Document: one HTML text that shows itself without another file and without a network, though its
// links may lead to files beside it; the look that all pages share.
#pragma once

#include <string>

namespace allconv {

// All of it HTML, but for style and script.
struct Document {
  std::string title;
  std::string words;   // below the title
  std::string style;   // rules beside the common ones
  std::string script;  // at the page's end; empty: the page allows none
  std::string body;
};

std::string html_document(const Document& document);

// A titled part: `words` in front of `body`, both HTML.
std::string page_section(const std::string& id, const std::string& title, const std::string& words,
                         const std::string& body);

}  // namespace allconv
