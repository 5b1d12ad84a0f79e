// Prefetching for a batch of events: each step asks for what the next one reads, for all of them.
#include <algorithm>
#include <vector>

#include "engine/engine_impl.h"
#include "ruleset/slots.h"

namespace tallyho {

namespace {

// Hands `note` every slot that the conditions of a type's rules read or that its rules write.
template <typename Note>
void for_each_slot(const EventType& type, const Ruleset& ruleset, Note note) {
  for (const RuleIndex index : type.rules) {
    const Rule& rule = ruleset.rules[index];
    if (rule.when) std::ranges::for_each(rule.when->slots(), note);
    for (const auto* assignments : {&rule.set, &rule.add}) {
      for (const Assignment& written : *assignments) note(scope_slot(written.scope, written.variable));
    }
  }
}

}  // namespace

// What lies behind the variables of players that the conditions of an event's type read and its rules write.
State::Parts parts_of(const EventType& type, const Ruleset& ruleset, const State& state) {
  std::vector<std::uint16_t> variables;
  const auto note = [&](cel::Slot slot) {
    if (slot_record(slot) == slot_record(scope_slot(player_scope, 0))) variables.push_back(slot_number(slot));
  };
  for_each_slot(type, ruleset, note);
  return state.parts_behind(variables);
}

// Which scope has a type's field as its key, field by field, if the type's rules ask for it in a condition or write to
// it; player_scope: none. Of several the last.
std::vector<ScopeIndex> scopes_keyed_by_fields(const EventType& type, const Ruleset& ruleset) {
  std::vector<ScopeIndex> keyed(type.fields.size(), player_scope);
  for_each_slot(type, ruleset, [&](cel::Slot slot) {
    if (slot_record(slot) <= slot_record(scope_slot(player_scope, 0))) return;
    const auto scope = static_cast<ScopeIndex>(slot_record(slot) - slot_record(scope_slot(0, 0)));
    const auto key = ruleset.scopes[scope].key->slot();
    if (!key || slot_record(*key) != static_cast<std::uint16_t>(SlotRecord::event_field)) return;
    const std::uint16_t field = type.field_of_slot[slot_number(*key)];
    if (field != no_field) keyed[field] = scope;
  });
  return keyed;
}

void Engine::prepare(std::span<const Event* const> events, bool is_ingest) {
  impl_->ask(events, is_ingest);
  impl_->ask_behind(is_ingest);
}

void Engine::Impl::ask(std::span<const Event* const> events, bool is_ingest) {
  wanted.clear();
  wanted_in.clear();
  for (const Event* event : events) wanted.push_back(SymbolTable::wanted(event->envelope.player));
  for (const Event* event : events) {
    const std::vector<ScopeIndex>& scopes = keyed[event->type];
    for (std::size_t i = 0; i < event->fields.size(); ++i) {
      if (event->fields[i].kind() != cel::Kind::string) continue;
      wanted.push_back(SymbolTable::wanted(event->fields[i].as_string()));
      wanted_in.push_back(scopes[i]);
    }
  }
  for (const SymbolTable::Wanted& text : wanted) symbols.prefetch(text);
  prepared.clear();
  prepared_keys.clear();
  next_prepared = 0;
  announced = events.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const SymbolTable::Likely likely = symbols.find_likely(wanted[i]);
    if (likely.symbol == no_symbol) continue;
    if (i >= events.size()) {
      const ScopeIndex scope = wanted_in[i - events.size()];
      if (scope == player_scope) continue;
      prepared_keys.push_back({scope, likely.symbol});
      state.prefetch(scope, likely.symbol);
      continue;
    }
    prepared.push_back({.event = events[i], .player = likely});
    state.prefetch(player_scope, likely.symbol);
    const EventTypeIndex type = events[i]->type;
    prepared.back().pays = pays(type);
    const auto touched = pays(type) ? board_rules.boards_of_player(type) : board_rules.followers_of_player(type);
    for (const BoardIndex board : touched) boards[board]->prepare_far(likely.symbol);
  }
  for (Prepared& next : prepared) {
    next.record = state.find(player_scope, next.player.symbol);
    state.prefetch(player_scope, next.record);
    if (!next.pays) continue;
    for (const BoardIndex board : board_rules.boards_of_player(next.event->type)) {
      boards[board]->prepare(next.player.symbol);
    }
  }
  for (const auto& [scope, key] : prepared_keys) state.prefetch(scope, state.find(scope, key));
  for (const Prepared& next : prepared) {
    state.prefetch_parts(next.record, is_ingest, parts[next.event->type]);
  }
}

void Engine::Impl::ask_behind(bool is_ingest) {
  for (const Prepared& next : prepared) {
    state.prefetch_contents(next.record, is_ingest, parts[next.event->type]);
  }
  for (const Prepared& next : prepared) {
    state.prefetch_annexed(next.record, parts[next.event->type]);
  }
  for (const Prepared& next : prepared) {
    if (!next.pays) continue;
    for (const BoardIndex board : board_rules.boards_of_player(next.event->type)) {
      boards[board]->prepare_near(next.player.symbol);
    }
  }
}

// Two steps up for one that pays, one down for one that doesn't: from every third on, it is among those that do.
void Engine::Impl::note_pay(EventTypeIndex type, bool has_paid) {
  std::uint8_t& payer = payers[type];
  if (has_paid) {
    if (payer < pays_always) payer = static_cast<std::uint8_t>(payer + 2);
  } else if (payer > 0) {
    --payer;
  }
}

// Another name may have the same hash, and another event may have taken the place of the one that was prepared: the
// name tells. Symbols, once given, stay; only those that an event gave itself are taken back with it.
Symbol Engine::Impl::find_prepared(const Event& event) {
  if (next_prepared == prepared.size() || prepared[next_prepared].event != &event) return no_symbol;
  const Prepared& next = prepared[next_prepared++];
  return next.player.text() == event.envelope.player ? next.player.symbol : no_symbol;
}

}  // namespace tallyho
