// Charts over epochs as SVG, to stand in an HTML page whose style sheet has the classes `grid`,
// `ticks` and `series`, and as a legend below.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace allconv {

struct ChartSeries {
  std::string name;
  std::string color;  // as CSS has it
  std::vector<std::optional<double>>
      values;  // one an epoch; the line has a gap where there is none
  bool dashed = false;
};

struct Chart {
  std::string title;
  std::string unit;         // behind the numbers: " %"; may be empty
  std::vector<int> epochs;  // ascending
  std::vector<ChartSeries> series;
  bool logarithmic = false;  // values of zero and below are then left out
};

// Whether there is anything to draw.
bool has_values(const Chart& chart);

// A figure: title, drawing, and the series' names with their last values. Of more than 600 epochs
// some are left out. Draws axes alone where there are no values.
std::string chart_figure(const Chart& chart);

// Places of lines across an axis, at 1, 2 or 5 times a power of ten, about so many; the first and
// last enclose both values.
std::vector<double> linear_ticks(double low, double high, int about);
// Of 1, 2 and 5 times the powers of ten, or of the powers alone where these are many.
std::vector<double> logarithmic_ticks(double low, double high);

// From the first to the last of `count`: blue to orange by way of red.
std::string ordered_color(std::size_t index, std::size_t count);

}  // namespace allconv
