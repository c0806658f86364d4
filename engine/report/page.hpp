// The page of a report: one HTML text that needs no other file, no script and no network.
#pragma once

#include <string>

#include "engine/report/report.hpp"

namespace allconv {

// Bytes of PNG files; empty: there is none.
struct PagePictures {
  std::string filters, confusion, mistakes;
};

std::string report_page(const ReportContent& content, const PagePictures& pictures);

// Its parts; those about answers need an evaluation.
std::string training_sections(const ReportContent& content);
std::string layer_section(const ReportContent& content);
// The sheet of mistakes, which stands in the page once; nothing where there is none.
std::string thumbnail_style(const ReportContent& content, const PagePictures& pictures);
std::string answer_sections(const ReportContent& content, const PagePictures& pictures);

}  // namespace allconv
