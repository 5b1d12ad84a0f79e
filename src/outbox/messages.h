#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/engine.h"
#include "engine/replay.h"
#include "outbox/rank_watch.h"

namespace tallyho {

// What the outbox says of one record of the log: messages as JSON, one a line, each with an id that is the same
// whenever it is computed again: the log's identity, the position, and a number.
//
//     {"id":"LOG-8812-0","kind":"notice","player":"ada","rule":"collector","text":"10 treasures","event":"e1",
//      "position":8812,"at":"2026-07-19T20:00:00Z"}
//     {"id":"LOG-8812-1","kind":"entered","board":"global","top":10,"player":"ada","rank":7,"was":12,"position":…}
//
// `group`, `window`: where the board has them; `member` in place of `player`, where the board ranks something else.
class MessageWriter {
 public:
  explicit MessageWriter(std::string& out) : out_(out) {}

  void notices(const Engine& engine, const Replayed& replayed);
  void ranks(const Engine& engine, const LogRecord& record, const std::vector<RankNews>& news);

 private:
  std::string next_id(const Engine& engine, Position position);

  std::string& out_;
  int number_ = 0;
};

}  // namespace tallyho
