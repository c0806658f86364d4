// RowReader: the rows of a file that `score` wrote, one after another, as bytes. Tells whole rows
// from one that a kill or a power cut tore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/formats/result_rows.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

// Used by one thread at a time; holds one row and a small buffer, however long the file is. Throws
// Error{io} when the file cannot be read; what it holds is never an error but a Rest.
class RowReader {
 public:
  struct Row {
    std::string_view bytes;  // its lines; valid until the next call
    bool failed = false;     // an error row
    std::size_t lines = 1;
  };
  // What follows the rows handed out.
  enum class Rest {
    none,     // the end of the file
    torn,     // the beginning of a row, or NUL bytes where the disk kept the length alone
    foreign,  // nothing that `score` writes
  };

  // `lines_per_row`: of a CSV row without error; 0: as many as its ranks count up.
  RowReader(const std::string& path, RowFormat format, std::size_t lines_per_row = 0);

  // The next whole row; nullopt when there is none.
  std::optional<Row> next();

  // After next() has returned nothing.
  Rest rest() const { return rest_; }

  // Bytes of the header and of all rows handed out.
  std::int64_t whole_bytes() const { return whole_bytes_; }

  // CSV: the first line, with its newline.
  const std::string& header() const { return header_; }

 private:
  void read_header();
  bool read_more();
  std::size_t line_length(std::size_t begin);
  std::optional<Row> json_row();
  std::optional<Row> csv_row();
  std::string_view text(std::size_t begin, std::size_t length) const;

  InputFile file_;
  RowFormat format_;
  std::size_t lines_per_row_;
  std::string header_;
  std::size_t columns_ = 0;  // CSV
  std::string buffer_;       // bytes of the file from read_bytes_ - buffer_.size() on
  std::size_t begin_ = 0;    // of the next row in the buffer
  std::int64_t read_bytes_ = 0;
  std::int64_t whole_bytes_ = 0;
  Rest rest_ = Rest::none;
};

struct RowCounts {
  std::size_t rows = 0;
  std::size_t failed = 0;         // error rows among them
  std::size_t lines_per_row = 0;  // most lines of one row
  std::int64_t bytes = 0;         // of the header and the whole rows
  RowReader::Rest rest = RowReader::Rest::none;
  std::string header;
};

// Reads the whole file. Throws Error{io}.
RowCounts count_rows(const std::string& path, RowFormat format, std::size_t lines_per_row = 0);

}  // namespace allconv
