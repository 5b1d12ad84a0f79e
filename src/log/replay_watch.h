#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "log/file_system.h"
#include "log/record.h"

namespace tallyho {

// Finds the record whose applying ends the process, over several starts of it, at no cost while there is none.
//
//     auto watch = ReplayWatch::begin(directory, identity);
//     if (watch->poison()) return fail(report(*watch->poison()));
//     for (record : log) watch->applying(record.position), apply(record);
//     watch->end();
//
// A replay leaves in the file `replaying` how far it has come, and takes the file away when it is through. Whoever
// finds it knows that the replay before ended early: by a crash, or because somebody killed it. The first such end says
// in which `batch_records` it was; these are then noted one by one, so the second says at which. A second one exactly
// there makes it poison: it takes a decision (log/quarantine.h), or a program that does not stumble over it. One kill
// after another during a replay hardly hits the same record twice.
//
// What ends the process while it is applied for the first time may not be in the log yet, and nobody was told of it:
// see log/careful_log.h.
//
// Threads: one owner.
class ReplayWatch {
 public:
  static constexpr std::string_view file_name = "replaying";
  static constexpr Position batch_records = 16'384;

  // The directory outlives it. Errors: of reading.
  static IoResult<ReplayWatch> begin(LogDirectory& directory, std::string_view identity);

  // The record that has ended two replays.
  std::optional<Position> poison() const { return poison_; }

  // Before each record is applied, in order. A write into the page cache now and then, near a suspect each time; what
  // it cannot write it leaves.
  void applying(Position position);
  // The replay is through.
  void end();

 private:
  ReplayWatch(LogDirectory& directory, std::string_view identity) : directory_(&directory), identity_(identity) {}
  void note(char what, Position position, int crashes);

  LogDirectory* directory_;
  std::string identity_;
  std::unique_ptr<LogFile> file_;
  Position next_note_ = 0;       // Positions before it are noted already.
  Position suspects_begin_ = 0;  // Noted one by one.
  Position suspects_end_ = 0;
  Position suspect_ = 0;  // Where exactly the one before ended; 0: not known.
  std::optional<Position> poison_;
};

// What to tell whoever runs the server, in some lines.
std::string poison_report(Position position);

}  // namespace tallyho
