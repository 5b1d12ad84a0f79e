#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "log/file_system.h"
#include "log/record.h"
#include "ruleset/ruleset.h"

namespace tallyho::cli {

// The log in a data directory, for verbs that compute something from it. Reads only, also beside a running server.
//
//     auto history = History::open("data");
//     auto engine = history->begin();
//     history->read("replaying", [&](const LogRecord& record) { … return true; });
//
// It begins with the log's first position; or, where that is not there any more (log/retention.h), behind the oldest
// snapshot that the rest of the log can be applied to.
class History {
 public:
  // Errors, as text: there is no log; it is damaged where it begins, or begins later than every snapshot; its ruleset
  // is none for this program.
  static std::expected<History, std::string> open(const std::string& data);

  // The one in force where it begins.
  std::shared_ptr<const Ruleset> ruleset() const { return ruleset_; }
  // The snapshot's position; 0: it begins with the first one.
  Position begins_behind() const { return begins_behind_; }

  // A game as it was where the history begins; under another ruleset, with everything carried over as by a swap there.
  // O(state). Errors, as text: the snapshot cannot be read or is damaged.
  std::expected<std::unique_ptr<Engine>, std::string> begin(std::shared_ptr<const Ruleset> other = nullptr) const;

  // Passes on every record, in order, until `take` returns false, with progress on a terminal. A record's bytes are
  // valid during the call. Errors, as text: reading; damage.
  std::expected<void, std::string> read(const std::string& verb,
                                        const std::function<bool(const LogRecord&)>& take) const;

 private:
  struct First;
  explicit History(std::unique_ptr<LogDirectory> directory) : directory_(std::move(directory)) {}
  std::expected<void, std::string> begin_with(const First& first);
  std::expected<void, std::string> begin_behind_snapshot(const First& first);
  std::expected<void, std::string> load(const std::string& source);

  std::unique_ptr<LogDirectory> directory_;
  std::shared_ptr<const Ruleset> ruleset_;
  std::string identity_;
  std::string snapshot_;  // "": none.
  Position begins_behind_ = 0;
};

}  // namespace tallyho::cli
