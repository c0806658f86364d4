// Charts over epochs, layers and the like as SVG, to stand in an HTML page whose style sheet has
// the classes `grid`, `ticks` and `series`, and as a legend below.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace allconv {

struct ChartSeries {
  std::string name;
  std::string color;  // as CSS has it
  // One a place of the axis; the line has a gap where there is none.
  std::vector<std::optional<double>> values;
  bool dashed = false;
};

// The axis from left to right.
struct ChartAxis {
  std::string name;                      // "epoch"
  std::vector<int> places;               // ascending
  std::vector<std::string> labels = {};  // of the places; empty: they are numbers
};

ChartAxis epoch_axis(std::vector<int> epochs);
// One place a label, at equal distances.
ChartAxis labelled_axis(std::string name, std::vector<std::string> labels);

struct Chart {
  std::string title;
  std::string unit;  // behind the numbers: " %"; may be empty
  ChartAxis across;
  std::vector<ChartSeries> series;
  bool logarithmic = false;  // values of zero and below are then left out
};

// Whether there is anything to draw.
bool has_values(const Chart& chart);

// A figure: title, drawing, and the series' names with their last values. Of more than 600 places
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
