#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "server/limits.h"
#include "server/requests.h"

namespace tallyho {

// Answers reads from the engine, as JSON: boards, pages, members, players, the ruleset. All of one answer is read at
// one position, which it carries as `version`.
//
// Threads: the engine thread.
class Reads {
 public:
  explicit Reads(const Engine& engine) : engine_(engine) {}

  // Appends the answer to `out`. O(answer · log members). Errors, nothing appended: not_found, invalid_argument.
  Answered<void> answer(const ReadRequest& request, std::string& out);

 private:
  void append_boards(std::string& out) const;
  Answered<void> append_page(const ReadRequest& request, std::string& out);
  Answered<void> append_rows(const ReadRequest& request, std::string& out);
  Answered<void> append_member(const ReadRequest& request, std::string& out);
  Answered<void> append_ranks(const ReadRequest& request, std::string& out);
  Answered<void> append_player(const ReadRequest& request, std::string& out) const;
  void append_ruleset(std::string& out) const;

  const Engine& engine_;
  std::vector<Standing> standings_;  // Scratch.
};

}  // namespace tallyho
