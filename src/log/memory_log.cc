#include "log/memory_log.h"

namespace tallyho {

Result<Position> MemoryLog::append(std::string_view /*record*/, Timestamp /*arrival*/, RecordKind /*kind*/) {
  return ++last_;
}

void MemoryLog::commit() {
  durable_.store(last_, std::memory_order_release);
}

Position MemoryLog::durable() const {
  return durable_.load(std::memory_order_acquire);
}

}  // namespace tallyho
