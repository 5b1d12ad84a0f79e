#include "cli/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tallyho::cli {

constexpr std::size_t buffer_bytes = 1024 * 1024;

LineReader::~LineReader() {
  if (file_ > STDIN_FILENO) ::close(file_);
}

std::optional<std::string> LineReader::open(const std::string& path) {
  file_ = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return path + ": " + std::strerror(errno);
  struct stat status{};
  if (::fstat(file_, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return path + ": is a folder";
    if (S_ISREG(status.st_mode)) bytes_total_ = static_cast<std::uint64_t>(status.st_size);
  }
  buffer_.resize(buffer_bytes);
  return std::nullopt;
}

std::optional<std::string_view> LineReader::next() {
  long_line_.clear();
  bool is_long = false;
  for (;;) {
    const char* start = buffer_.data() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    if (newline != nullptr) {
      const std::string_view piece(start, static_cast<std::size_t>(newline - start));
      begin_ += piece.size() + 1;
      if (!is_long) return piece;
      long_line_.append(piece.substr(0, std::min(piece.size(), line_bytes_max_ + 1 - long_line_.size())));
      return long_line_;
    }
    // No newline in what is there: make room behind it, or, where the line fills the buffer, put it aside.
    const std::size_t rest = end_ - begin_;
    if (is_long || rest == buffer_.size()) {
      is_long = true;
      long_line_.append(start, std::min(rest, line_bytes_max_ + 1 - long_line_.size()));
      begin_ = end_ = 0;
    } else if (begin_ > 0) {
      std::memmove(buffer_.data(), start, rest);
      begin_ = 0;
      end_ = rest;
    }
    if (fill()) continue;
    if (is_long) return long_line_;
    if (begin_ == end_) return std::nullopt;
    const std::string_view last(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_;
    return last;
  }
}

bool LineReader::next(std::size_t count, std::vector<std::string_view>& lines) {
  lines.clear();
  const auto first = next();
  if (!first) return false;
  lines.push_back(*first);
  while (lines.size() < count) {
    const char* start = buffer_.data() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    if (newline == nullptr) break;
    lines.emplace_back(start, static_cast<std::size_t>(newline - start));
    begin_ += lines.back().size() + 1;
  }
  return true;
}

bool LineReader::fill() {
  for (;;) {
    const ssize_t count = ::read(file_, buffer_.data() + end_, buffer_.size() - end_);
    if (count > 0) {
      end_ += static_cast<std::size_t>(count);
      bytes_read_ += static_cast<std::uint64_t>(count);
      return true;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) problem_ = std::strerror(errno);
    return false;
  }
}

}  // namespace tallyho::cli
