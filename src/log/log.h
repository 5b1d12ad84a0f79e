#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/position.h"
#include "base/time.h"
#include "log/record.h"

namespace tallyho {

// One durable order of bytes. A position belongs to what was appended for ever; what has left append() is not yet
// durable: wait for durable() to reach it before telling anybody.
//
// Threads: append() and commit() belong to the engine thread; durable() may be asked from any.
class Log {
 public:
  virtual ~Log() = default;

  // Enters a record of this kind that arrived at `arrival` (never before the record before it) and returns its
  // position, one more than the last. The bytes are copied or not needed after the call. Errors: unavailable,
  // overloaded (it cannot be written now; nothing was entered). Whoever tries again calls commit() before: what was
  // appended has to go first.
  virtual Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) = 0;

  // Makes everything appended so far durable, or starts to.
  virtual void commit() = 0;

  // Everything up to here is durable. Never goes back.
  virtual Position durable() const = 0;

  // Passes on the records from position `from` on that it had when it was opened, in order, until `take` returns false.
  // A record's bytes are valid during the call. A log that keeps nothing passes on nothing.
  // Errors, as text: it cannot be read, or is damaged.
  virtual std::expected<void, std::string> read(Position /*from*/,
                                                const std::function<bool(const LogRecord&)>& /*take*/) const {
    return {};
  }

  // From now on, `call` is called after durable() has moved by itself, and when a commit() that had to wait may be
  // tried again, from any thread. Before the first append().
  // NOLINTNEXTLINE(performance-unnecessary-value-param): logs that have a use for it keep it.
  virtual void when_durable(std::function<void()> /*call*/) {}

  // The position of the record appended last, 0 if there is none.
  virtual Position last() const = 0;

  // The last position of which the record had been erased when it was opened (log/erasure.h); 0: none. A game that
  // begins before it comes to something else than it did.
  virtual Position last_erased() const { return 0; }

  // Which log positions count in: 32 hex digits, new for every new log.
  virtual const std::string& identity() const = 0;
};

}  // namespace tallyho
