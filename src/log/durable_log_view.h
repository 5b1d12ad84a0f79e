#pragma once

#include <expected>
#include <memory>
#include <string>

#include "log/file_system.h"
#include "log/log.h"

namespace tallyho {

// The part of a log that is durable, for reading, beside the server that may be writing it (log/durable_reader.h).
// Nothing can be appended.
class DurableLogView final : public Log {
 public:
  // The directory outlives it. Errors, as text: it cannot be read, is damaged, or holds no log.
  static std::expected<std::unique_ptr<DurableLogView>, std::string> open(LogDirectory& directory);

  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override;
  void commit() override {}
  Position durable() const override { return last_; }
  Position last() const override { return last_; }
  const std::string& identity() const override { return identity_; }
  std::expected<void, std::string> read(Position from,
                                        const std::function<bool(const LogRecord&)>& take) const override;

 private:
  explicit DurableLogView(LogDirectory& directory) : directory_(directory) {}

  LogDirectory& directory_;
  Position last_ = 0;  // When it was opened: what comes later is left for the next time.
  std::string identity_;
};

}  // namespace tallyho
