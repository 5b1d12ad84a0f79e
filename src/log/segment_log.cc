#include "log/segment_log.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/thread_name.h"
#include "fmt/format.h"
#include "log/identity.h"
#include "log/log_reader.h"

namespace tallyho {
namespace {

constexpr std::uint64_t late_steps = 8;  // In which a segment is made, at least.
constexpr std::uint64_t ahead = 2;       // So many times faster than the one at hand fills.

}  // namespace

SegmentLog::SegmentLog(std::unique_ptr<LogDirectory> directory, Options options)
    : directory_(std::move(directory)), options_(std::move(options)), writer_(*directory_, options_.segment_bytes) {}

IoResult<std::unique_ptr<SegmentLog>> SegmentLog::open(std::unique_ptr<LogDirectory> directory, const RecoveredLog& log,
                                                       Options options, std::string identity) {
  std::unique_ptr<SegmentLog> opened(new SegmentLog(std::move(directory), std::move(options)));
  if (identity.empty()) identity = make_log_identity();
  if (const IoStatus begun = opened->writer_.open(log, identity); !begun) {
    opened->has_failed_ = true;  // So that its end writes nothing.
    return std::unexpected(begun.error());
  }
  opened->recovered_ = log.segments;
  opened->last_erased_ = log.last_erased();
  opened->last_ = opened->writer_.last();
  opened->durable_ = opened->last_;
  opened->is_spare_wanted_ = true;
  opened->used_bytes_ = opened->options_.segment_bytes - opened->writer_.left();
  // Before there are threads: the log may fall idle and seal itself at once, and commit() passes by meanwhile.
  opened->budget_ = opened->room_behind(0);
  if (opened->options_.has_threads) {
    opened->writing_ = std::thread([log_ = opened.get()] { log_->write(); });
    opened->making_spares_ = std::thread([log_ = opened.get()] { log_->make_spares(); });
  } else {
    opened->try_spare();
  }
  opened->commit();
  return opened;
}

SegmentLog::~SegmentLog() {
  stop();
  if (!has_failed_ && !filling_.is_empty()) write_out(filling_);
  if (!has_failed_ && !writer_.is_sealed()) {
    if (const IoStatus sealed = writer_.seal(); !sealed) fail(sealed.error());
  }
}

void SegmentLog::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_one();
  spare_due_.notify_one();
  if (writing_.joinable()) writing_.join();
  if (making_spares_.joinable()) making_spares_.join();
}

Result<Position> SegmentLog::append(std::string_view record, Timestamp arrival, RecordKind kind) {
  const std::uint64_t needed = filling_.bytes() + FrameBuffer::bytes_of_record(record.size());
  if (has_failed_ || record.size() > record_bytes_max) return std::unexpected(Error{.code = Code::unavailable});
  if (needed > options_.buffer_bytes_max) return std::unexpected(Error{.code = Code::overloaded});
  if (needed > budget_) {
    return std::unexpected(Error{.code = is_disk_full() ? Code::unavailable : Code::overloaded});
  }
  filling_.add(++last_, kind, arrival, record);
  return last_;
}

void SegmentLog::commit() {
  if (has_failed_) return;
  if (!options_.has_threads) {
    if (!filling_.is_empty()) write_out(filling_);
    if (is_spare_wanted_) try_spare();
    budget_ = room_behind(0);
    return;
  }
  std::unique_lock lock(mutex_);
  if (is_handed_ || is_sealing_) return;  // What is being filled goes with the next one.
  if (has_new_spare_) {
    has_new_spare_ = false;
    writer_.take_over_spare();
  }
  budget_ = room_behind(filling_.bytes());
  if (filling_.is_empty()) return;
  std::swap(filling_, handed_);
  is_handed_ = true;
  lock.unlock();  // Else whoever is woken would at once wait for the lock.
  has_work_.notify_one();
}

// How many bytes fit in behind so many. The log may fall idle before they come, and its seal is then in front of them.
std::uint64_t SegmentLog::room_behind(std::uint64_t bytes) const {
  if (writer_.has_spare()) return options_.buffer_bytes_max;
  const std::uint64_t taken = bytes + sector_bytes;
  return writer_.left() > taken ? writer_.left() - taken : 0;
}

std::expected<void, std::string> SegmentLog::read(Position from,
                                                  const std::function<bool(const LogRecord&)>& take) const {
  if (!recovered_.empty() && recovered_.front().header.first > from) {
    return std::unexpected(fmt::format(
        "the log begins with position {}: what comes before it is only in snapshots, and none of those that "
        "are there can be used",
        recovered_.front().header.first));
  }
  const auto read = read_log(*directory_, recovered_, from, take);
  if (!read) return std::unexpected(text_of(read.error()));
  return {};
}

void SegmentLog::when_durable(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  on_durable_ = call ? std::make_shared<const std::function<void()>>(std::move(call)) : nullptr;
}

// The writing thread.
void SegmentLog::write() {
  name_thread("log-writer");
  std::unique_lock lock(mutex_);
  while (!has_failed_) {
    const auto has_work = [this] { return is_handed_ || is_stopping_; };
    const bool is_idle = !has_work_.wait_for(lock, options_.seal_after, has_work);
    if (is_handed_) {
      lock.unlock();
      write_out(handed_);
      lock.lock();
      is_handed_ = false;
      used_bytes_ = options_.segment_bytes - writer_.left();
      tell(lock);
    } else if (is_stopping_) {
      return;
    } else if (is_idle && !writer_.is_sealed()) {
      is_sealing_ = true;
      lock.unlock();
      const IoStatus sealed = writer_.seal();
      lock.lock();
      is_sealing_ = false;
      if (!sealed) fail(sealed.error());
      tell(lock);
    } else if (is_idle) {
      has_work_.wait(lock, has_work);
    }
  }
}

// Wakes whoever may go on now: without the lock, which they would at once wait for.
void SegmentLog::tell(std::unique_lock<std::mutex>& lock) {
  const auto on_durable = on_durable_;
  const bool is_spare_due = spare_bytes_due() > 0;
  lock.unlock();
  if (on_durable != nullptr) (*on_durable)();
  if (is_spare_due) spare_due_.notify_one();
  lock.lock();
}

void SegmentLog::write_out(FrameBuffer& frames) {
  const bool had_spare = writer_.has_spare();
  const IoStatus written = writer_.write(frames, !options_.is_buffered);
  if (!written) return fail(written.error());
  durable_.store(frames.last(), std::memory_order_release);
  frames.clear();
  if (!had_spare || writer_.has_spare()) return;
  const std::lock_guard lock(mutex_);
  is_spare_wanted_ = true;
}

// How many bytes of the next segment should be made now.
std::uint64_t SegmentLog::spare_bytes_due() const {
  const std::uint64_t wanted = std::min(ahead * used_bytes_, options_.segment_bytes);
  if (!is_spare_wanted_ || spare_bytes_ > wanted) return 0;
  return std::max(options_.spare_step_bytes, std::min(wanted - spare_bytes_, options_.segment_bytes / late_steps));
}

// The thread that makes segments. While the disk is full it tries again every second.
void SegmentLog::make_spares() {
  name_thread("log-spares");
  std::unique_lock lock(mutex_);
  while (true) {
    spare_due_.wait(lock, [this] { return spare_bytes_due() > 0 || is_stopping_; });
    if (is_stopping_) return;
    const std::uint64_t step = spare_bytes_due();
    lock.unlock();
    const auto made = writer_.grow_spare(step);
    lock.lock();
    spare_bytes_ = made.value_or(0);
    if (!made) {
      is_disk_full_ = true;
      spare_due_.wait_for(lock, std::chrono::seconds(1), [this] { return is_stopping_; });
    } else if (*made == options_.segment_bytes) {
      is_disk_full_ = false;
      is_spare_wanted_ = false;
      has_new_spare_ = true;
      spare_bytes_ = 0;
    }
  }
}

bool SegmentLog::try_spare() {
  const IoStatus made = writer_.make_spare();
  is_disk_full_ = !made;
  if (!made) return false;
  writer_.take_over_spare();
  is_spare_wanted_ = false;
  return true;
}

void SegmentLog::fail(const IoError& error) {
  has_failed_ = true;
  if (options_.on_failure) return options_.on_failure(error);
  fmt::print(stderr, "tallyho: the log has failed, and with it the process: {}\n", error.text());
  std::abort();
}

}  // namespace tallyho
