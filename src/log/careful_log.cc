#include "log/careful_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

#include "fmt/format.h"

namespace tallyho {

Result<Position> CarefulLog::append(std::string_view record, Timestamp arrival, RecordKind kind) {
  const auto position = log_->append(record, arrival, kind);
  if (!position || left_ == 0) return position;
  --left_;
  wait_for(*position);
  return position;
}

// A log that fails ends the process, so this comes to an end. Asks again after a while, as what is handed over while
// the log is at work of its own waits for the next commit().
void CarefulLog::wait_for(Position position) {
  constexpr std::chrono::milliseconds patience{1};
  while (log_->durable() < position) {
    log_->commit();
    std::unique_lock lock(mutex_);
    moved_.wait_for(lock, patience, [&] { return log_->durable() >= position; });
  }
}

void CarefulLog::when_durable(std::function<void()> call) {
  log_->when_durable([this, told = std::move(call)] {
    {
      const std::lock_guard lock(mutex_);
    }  // Whoever looked before it moved waits by now.
    moved_.notify_all();
    if (told) told();
  });
}

IoResult<EarlyEnds> EarlyEnds::look(LogDirectory& directory) {
  int before = 0;
  const auto old = directory.open(file_name);
  if (!old && old.error().number != ENOENT) return std::unexpected(old.error());
  if (old) {
    std::array<char, 16> text{};
    const auto count = (*old)->read(0, std::as_writable_bytes(std::span(text)));
    if (!count) return std::unexpected(count.error());
    std::from_chars(text.data(), text.data() + *count, before);  // Not a number: an end that left not even that.
    before = std::clamp(before, 1, 1'000'000);
  }
  return EarlyEnds(directory, before);
}

IoStatus EarlyEnds::begin_life() {
  const auto file = directory_->create(file_name);
  if (!file) return std::unexpected(file.error());
  const std::string text = fmt::format("{}\n", count_ + 1);
  return (*file)->write(0, std::as_bytes(std::span(text)));
}

}  // namespace tallyho
