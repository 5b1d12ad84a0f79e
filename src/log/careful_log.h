#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "log/file_system.h"
#include "log/log.h"

namespace tallyho {

// A log for a process that has ended early again and again, and may do so over what comes next: its first records are
// durable before append() returns, so before anybody applies them. What ends the process while it is applied is then in
// the log, where the next starts find it (log/replay_watch.h). Else the log would begin to write it only afterwards,
// and a client that sends it again would end one process after the other.
//
// Threads: as Log says. Each careful append() costs a write to the disk; the rest are the other log's own.
class CarefulLog final : public Log {
 public:
  static constexpr std::uint64_t careful_records = 10'000;

  explicit CarefulLog(std::unique_ptr<Log> log, std::uint64_t records = careful_records)
      : log_(std::move(log)), left_(records) {}

  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override;
  void commit() override { log_->commit(); }
  Position durable() const override { return log_->durable(); }
  std::expected<void, std::string> read(Position from,
                                        const std::function<bool(const LogRecord&)>& take) const override {
    return log_->read(from, take);
  }
  void when_durable(std::function<void()> call) override;
  Position last() const override { return log_->last(); }
  Position last_erased() const override { return log_->last_erased(); }
  const std::string& identity() const override { return log_->identity(); }

 private:
  void wait_for(Position position);

  std::mutex mutex_;  // Guards nothing but the wait.
  std::condition_variable moved_;
  const std::unique_ptr<Log> log_;
  std::uint64_t left_;
};

// How many lives of a process in a row have ended early: by a crash, or because somebody killed it.
//
//     auto ends = EarlyEnds::look(directory);
//     if (ends->count() >= EarlyEnds::alarming) …
//     ends->begin_life();
//     … ends->end_life();  // it stops as it should
//
// In the file `running` of the directory, which is there while it runs. It outlives the process, not the machine: what
// ends that is no event. Threads: one owner.
class EarlyEnds {
 public:
  static constexpr std::string_view file_name = "running";
  static constexpr int alarming = 2;

  // The directory outlives it. Errors: of reading.
  static IoResult<EarlyEnds> look(LogDirectory& directory);

  int count() const { return count_; }
  // A life begins: should it end early, that counts. Errors: of writing.
  IoStatus begin_life();
  // It ends as it should.
  void end_life() { (void)directory_->remove(file_name); }

 private:
  EarlyEnds(LogDirectory& directory, int count) : directory_(&directory), count_(count) {}

  LogDirectory* directory_;
  int count_;
};

}  // namespace tallyho
