#include "log/durable_log_view.h"

#include <limits>

#include "fmt/format.h"
#include "log/durable_reader.h"

namespace tallyho {

std::expected<std::unique_ptr<DurableLogView>, std::string> DurableLogView::open(LogDirectory& directory) {
  const auto newest = survey_durable(directory, std::numeric_limits<Position>::max());
  if (!newest) return std::unexpected(text_of(newest.error()));
  if (newest->segments.empty()) return std::unexpected("there is no log");
  std::unique_ptr<DurableLogView> view(new DurableLogView(directory));
  view->last_ = newest->last();
  view->identity_ = newest->identity;
  return view;
}

Result<Position> DurableLogView::append(std::string_view, Timestamp, RecordKind) {
  return std::unexpected(Error{.code = Code::unavailable});
}

std::expected<void, std::string> DurableLogView::read(Position from,
                                                      const std::function<bool(const LogRecord&)>& take) const {
  if (from > last_) return {};
  const auto log = survey_durable(directory_, from);
  if (!log) return std::unexpected(text_of(log.error()));
  if (log->first() > from) {
    return std::unexpected(
        fmt::format("the log begins with position {}: what comes before it is only in snapshots, "
                    "and none of those that are there can be used",
                    log->first()));
  }
  const auto read = read_log(directory_, log->segments, from,
                             [&](const LogRecord& record) { return record.position <= last_ && take(record); });
  if (!read) return std::unexpected(text_of(read.error()));
  return {};
}

}  // namespace tallyho
