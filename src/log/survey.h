#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "log/file_system.h"
#include "log/record.h"
#include "log/recovery.h"

namespace tallyho {

// What a log directory holds, whether or not it is whole.
struct LogSurvey {
  std::string identity;               // "": no segment says.
  std::vector<SegmentInfo> segments;  // All that can be read up to the first fault; that one's as far as it goes.
  // Everything that is wrong, in order; the first one is what recovery refuses the log for.
  std::vector<LogDamage> faults;
  Position first = 0;         // The first position, 0: nothing is there.
  Position last = 0;          // The last one that can be read.
  Position spoken_of = 0;     // The last one that was there, as far as anything in the directory says.
  std::uint64_t records = 0;  // That can be read, behind faults too;
  std::uint64_t erased = 0;   // and how many of them were erased.
  // Behind the last frame: the end of a write that is under way, or that a crash cut short. No fault.
  std::uint64_t tail_bytes = 0;
};

struct SurveyOptions {
  // Is given every record that can be read, in order, also those behind a fault; false: no more. Its bytes are valid
  // during the call.
  std::function<bool(const LogRecord&)> take = {};
  bool stops_at_fault = false;
  std::function<void(std::uint64_t segments, std::uint64_t of)> progress = {};
};

// Reads all of a log and changes nothing: it needs no lock, also not beside a running server. What that one is writing
// meanwhile is or is not in the survey.
//
// It sees a fault where recovery would refuse the log (log/recovery.h), and goes on behind it: with the next frame that
// is whole, and the next segment.
//
// Memory: one segment. Errors: of listing and reading.
IoResult<LogSurvey> survey_log(LogDirectory& directory, const SurveyOptions& options = {});

}  // namespace tallyho
