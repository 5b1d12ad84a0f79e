#include "state/writers.h"

#include <optional>
#include <span>

#include "ruleset/slots.h"

namespace tallyho {
namespace {

constexpr EventTypeIndex nobody = 0xfffe;

void note(EventTypeIndex& writer, std::span<const EventTypeIndex> types) {
  for (const EventTypeIndex type : types) {
    if (writer == nobody) writer = type;
    if (writer != type) writer = Writers::several;
  }
}

void note_readers_of_players(const std::optional<cel::Program>& program, Writers& writers) {
  if (!program) return;
  for (const cel::Slot slot : program->slots()) {
    if (slot_record(slot) != slot_record(scope_slot(player_scope, 0))) continue;
    writers.variables[slot_number(slot)] = Writers::several;
  }
}

}  // namespace

Writers writers_of_players(const Ruleset& ruleset) {
  Writers writers{.variables = std::vector(ruleset.scopes[player_scope].variables.size(), nobody),
                  .cooldowns = std::vector(ruleset.cooldowns, nobody),
                  .caps = std::vector(ruleset.caps, nobody)};
  for (const Rule& rule : ruleset.rules) {
    for (const auto* assignments : {&rule.set, &rule.add}) {
      for (const Assignment& written : *assignments) {
        if (written.scope == player_scope) note(writers.variables[written.variable], rule.on);
      }
    }
    if (rule.cooldown) note(writers.cooldowns[rule.cooldown_number], rule.on);
    if (rule.cap) note(writers.caps[rule.cap->number], rule.on);
  }
  for (const Scope& scope : ruleset.scopes) note_readers_of_players(scope.key, writers);
  for (const BoardDefinition& board : ruleset.boards) {
    for (const auto* program : {&board.when, &board.member, &board.value, &board.group_by}) {
      note_readers_of_players(*program, writers);
    }
  }
  for (auto* kinds : {&writers.variables, &writers.cooldowns, &writers.caps}) {
    for (EventTypeIndex& writer : *kinds) {
      if (writer == nobody) writer = Writers::several;
    }
  }
  return writers;
}

}  // namespace tallyho
