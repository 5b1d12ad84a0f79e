#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "log/file_system.h"
#include "log/record.h"
#include "ruleset/ruleset.h"

namespace tallyho::cli {

// The log in a data directory, for verbs that compute something from it. Reads only, also beside a running server.
//
//     auto history = History::open("data");
//     Engine engine(history->ruleset(), …);
//     history->read("replaying", [&](const LogRecord& record) { … return true; });
class History {
 public:
  // Errors, as text: there is no log; it is damaged where it begins, or does not begin with its first position; its
  // ruleset is none for this program.
  static std::expected<History, std::string> open(const std::string& data);

  // The one that the log begins with.
  std::shared_ptr<const Ruleset> ruleset() const { return ruleset_; }

  // Passes on every record, in order, until `take` returns false, with progress on a terminal. A record's bytes are
  // valid during the call. Errors, as text: reading; damage.
  std::expected<void, std::string> read(const std::string& verb,
                                        const std::function<bool(const LogRecord&)>& take) const;

 private:
  History(std::unique_ptr<LogDirectory> directory, std::shared_ptr<const Ruleset> ruleset)
      : directory_(std::move(directory)), ruleset_(std::move(ruleset)) {}

  std::unique_ptr<LogDirectory> directory_;
  std::shared_ptr<const Ruleset> ruleset_;
};

}  // namespace tallyho::cli
