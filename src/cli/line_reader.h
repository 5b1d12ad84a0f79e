#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyho::cli {

// Reads a file, a pipe or standard input line by line, however long lines are: of a line longer than
// `line_bytes_max` only that many bytes and one more are kept, so that it is still seen to be too large.
//
//     LineReader reader(1024);
//     if (auto problem = reader.open("-")) …
//     while (auto line = reader.next()) …     // without its newline; valid until the next call
class LineReader {
 public:
  explicit LineReader(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // "-" is standard input. Returns what is wrong, or nothing.
  std::optional<std::string> open(const std::string& path);
  std::optional<std::string_view> next();
  // Up to `count` lines at once, valid until the next call; fewer where the rest has not been read yet. False at the
  // end. Reading from a pipe, it waits for the first of them only.
  bool next(std::size_t count, std::vector<std::string_view>& lines);

  std::uint64_t bytes_read() const { return bytes_read_; }
  // Of a file; 0 of a pipe. For progress.
  std::uint64_t bytes_total() const { return bytes_total_; }
  // What went wrong while reading, after next() has returned nothing; "" at the end of the file.
  const std::string& problem() const { return problem_; }

 private:
  bool fill();

  std::size_t line_bytes_max_;
  int file_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // Unread bytes: [begin_, end_) of buffer_.
  std::size_t end_ = 0;
  std::string long_line_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_total_ = 0;
  std::string problem_;
};

}  // namespace tallyho::cli
