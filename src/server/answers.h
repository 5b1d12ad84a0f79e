#pragma once

#include <string>
#include <string_view>

#include "base/problem.h"
#include "server/batch.h"
#include "server/limits.h"

namespace tallyho {

// Writes answers as JSON. `limits` is for what `overloaded` suggests.
//
// Threads: any; no state of its own.
class AnswerWriter {
 public:
  explicit AnswerWriter(const Limits& limits) : limits_(limits) {}

  // The message that answers an item on a WebSocket: {"ack":{…},"ref":7}.
  void append_message(std::string& out, const Item& item) const;

  // What stands in `ack`; with `ref` inside, as HTTP has it, if wanted. Of items that are events.
  void append_result(std::string& out, const Item& item, bool with_ref) const;

  // A problem document (RFC 9457); the title is the code's description.
  void append_problem(std::string& out, int status, const Problem& problem) const;

 private:
  const Limits& limits_;
};

// The code an item is answered with.
inline Code code_of(const Item& item) {
  return item.kind == Item::Kind::event ? item.outcome.code : item.code;
}

// Whether an item's answer is an ack.
inline bool is_event(const Item& item) {
  return item.kind == Item::Kind::event || item.kind == Item::Kind::refused;
}

}  // namespace tallyho
