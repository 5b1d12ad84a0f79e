#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "log/identity.h"
#include "log/log.h"

namespace tallyho {

// A log for games that may be forgotten: it hands out positions and keeps nothing else, so it costs no memory however
// long it runs. commit() is all that "durable" means here: the process and the log end together.
//
// Threads: as Log says.
class MemoryLog final : public Log {
 public:
  MemoryLog() : MemoryLog(make_log_identity()) {}
  // Goes on behind `last`, as if it had handed out the positions up to there.
  explicit MemoryLog(std::string identity, Position last = 0)
      : identity_(std::move(identity)), last_(last), durable_(last) {}

  // O(1), never fails.
  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override;
  // At once: durable() is last() when it returns.
  void commit() override;
  Position durable() const override;
  Position last() const override { return last_; }
  const std::string& identity() const override { return identity_; }

 private:
  const std::string identity_;
  Position last_;
  std::atomic<Position> durable_;  // commit() releases, durable() acquires.
};

}  // namespace tallyho
