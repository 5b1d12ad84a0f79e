#pragma once

// For tests: a log in memory that can be read again, also by another engine.

#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "log/log.h"

namespace tallyho {

struct RecordedRecord {
  RecordKind kind = RecordKind::event;
  Timestamp arrival;
  std::string bytes;
};
using Recorded = std::vector<RecordedRecord>;

class RecordingLog final : public Log {
 public:
  // `first`: the records before that position are gone.
  explicit RecordingLog(std::shared_ptr<Recorded> records, Position first = 1)
      : records_(std::move(records)), first_(first) {}

  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override {
    if (is_full) return std::unexpected(Error{.code = Code::unavailable});
    records_->push_back({kind, arrival, std::string(record)});
    return records_->size();
  }
  void commit() override {}
  Position durable() const override { return records_->size(); }
  Position last() const override { return records_->size(); }
  const std::string& identity() const override { return identity_; }
  std::expected<void, std::string> read(Position from,
                                        const std::function<bool(const LogRecord&)>& take) const override {
    if (from < first_) return std::unexpected(fmt::format("the log begins with position {}", first_));
    for (Position position = from; position <= records_->size(); ++position) {
      const RecordedRecord& record = (*records_)[position - 1];
      if (!take({position, record.kind, record.arrival, record.bytes})) break;
    }
    return {};
  }

  bool is_full = false;

 private:
  std::shared_ptr<Recorded> records_;
  const Position first_;
  const std::string identity_ = "0123456789abcdef0123456789abcdef";
};

}  // namespace tallyho
